"""Why a branch cannot be fetched or read, in a sentence for users."""

from __future__ import annotations

import re

from django.conf import settings

from codeindex.ingestion.cloning.git import GitFailed
from codeindex.models import Branch

TOO_DEEP = "The folders of the repository are nested too deeply."
"""git before 2.43 runs out of stack there (signal 11)."""

EXPLANATIONS = (
    (r"authentication failed|could not read (?:username|password)|returned error: 40[13]"
     r"|permission denied \(",
     "The host denied access: the credential is missing or wrong. Put a token into the URL, or add"
     " a deploy key for ssh."),
    (r"host key verification failed|no .{1,40} host key is known",
     "The host's ssh key is unknown or has changed. Ask your administrator to check it."),
    (r"repository '[^']*' not found|repository not found|returned error: 404"
     r"|does not appear to be a git repository|not a git repository"
     r"|not valid: is this a git repository",
     "There is no git repository at this address."),
    (r"dumb http transport", "The host supports only git's old HTTP protocol, which has no shallow"
     " clones. Use the repository's https or ssh address at a host with smart HTTP."),
    (r"no space left on device", "The worker's disk is full. Ask your administrator."),
    (r"out of memory|cannot allocate memory|unable to create thread",
     "Cloning the repository needs more memory than this installation allows."),
    (r"exceeded maximum allowed tree depth|signal 11", TOO_DEEP),
    (r"operation too slow|timed out",
     "The host sends data too slowly, or not at all. Try again later."),
    (r"certificate", "The host's TLS certificate cannot be verified."),
    (r"redirect|returned error: 30\d", "The host redirects to another address. Register the"
     " repository with that address."),
    (r"returned error: 429", "The host is receiving too many requests. Try again later."),
    (r"returned error: 5\d\d", "The host answered with a server error. Try again later."),
    (r"hung up unexpectedly|early eof|unexpected disconnect|connection (?:reset|closed)"
     r"|empty reply from server|transfer closed",
     "The host closed the connection early. Try again later."),
    (r"connection refused|failed to connect|couldn't connect",
     "Could not connect to the host. Check the address, or try again later."),
    (r"index-pack|fetch-pack|unpack|bad object|bad pack|corrupt|inflate|protocol error"
     r"|missing (?:blob|tree|commit)|bad line length|invalid ",
     "The host sent data that git cannot read."),
)  # fmt: skip

TOO_LARGE = re.compile(r"file too large", re.IGNORECASE)
LONGEST_LINE = 200


class CheckoutError(Exception):
    """The branch cannot be fetched or read; the message says why, for users."""


def explain(failure: GitFailed) -> str:
    """Why git failed, in a sentence. Lines are cut, so that no pattern takes long."""
    lines = [printable(line) for line in failure.output.splitlines()]
    if failure.status < 0:
        lines.append(f"git was ended by signal {-failure.status}")
    output = "\n".join(lines)
    if TOO_LARGE.search(output):
        return too_large()
    for pattern, message in EXPLANATIONS:
        if re.search(pattern, output, re.IGNORECASE):
            return message
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "git was"))]
    return f"git failed: {(fatal or [f'it ended with status {failure.status}'])[0]}"


def too_large() -> str:
    return (
        f"The repository is larger than {settings.CODEINDEX_CLONE_BYTES >> 20} MiB, the limit of"
        " this installation."
    )


def printable(text: str) -> str:
    """A stranger's text as part of a message: short, on one line, and printable."""
    return "".join(letter if letter.isprintable() else "�" for letter in text[:LONGEST_LINE])


def no_such(branch: Branch) -> str:
    kind = "tag" if branch.is_tag else "branch"
    return f"The repository has no {kind} {branch.name}. Check the {kind}'s name."
