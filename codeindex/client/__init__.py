"""A Python client of codeindex, and the command `codeindex` on top of it.

    from codeindex.client import Client

    with Client("https://code.example.org", token) as client:
        for result in client.search("retry with backoff", repo=["shop"]).results:
            print(result.path, result.start_line, result.qualified_name)

It needs httpx and nothing of the server, whose only interface to it is the REST API."""

from codeindex.client.answers import (
    Answer,
    CheckedNames,
    DoubtfulName,
    DoubtfulNames,
    File,
    FileLines,
    Line,
    LinesAnswer,
    MatchedLine,
    Place,
    Progress,
    Repository,
    Result,
    Run,
    Suggestion,
)
from codeindex.client.client import Client
from codeindex.client.configuration import Misconfigured, configured_client
from codeindex.client.errors import (
    BadRequest,
    ClientError,
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    ServerFailed,
    TooManyRequests,
    Unauthorized,
    UnexpectedAnswer,
    Unreachable,
)

__all__ = [
    "Answer",
    "BadRequest",
    "CheckedNames",
    "Client",
    "ClientError",
    "Conflict",
    "DoubtfulName",
    "DoubtfulNames",
    "File",
    "FileLines",
    "Forbidden",
    "Gone",
    "Line",
    "LinesAnswer",
    "MatchedLine",
    "Misconfigured",
    "NotFound",
    "Place",
    "Progress",
    "Repository",
    "Result",
    "Run",
    "ServerFailed",
    "Suggestion",
    "TooManyRequests",
    "Unauthorized",
    "UnexpectedAnswer",
    "Unreachable",
    "configured_client",
]
