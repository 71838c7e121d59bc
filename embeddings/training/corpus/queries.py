"""From a function's documentation to the query that it answers: what the documentation says first,
without the markup of its language."""

from __future__ import annotations

import re

MIN_QUERY_WORDS, MAX_QUERY_WORDS = 3, 60

_DESCRIPTION = re.compile(
    r"<summary>|(?:^|\n)[ \t]*"
    r"(?:[@\\](?:brief|short|summary|desc|description|doc|notice|dev)\b(?!\s*false)"
    r"|\.(?:SYNOPSIS|DESCRIPTION)\b|Description[ \t]*:)",
)
"""What stands before the description where a language or a tool wants it labelled."""

_SIGNATURE = re.compile(r"\A\n*(?: {4}|\t)[^\n]*\n(?:(?: {4}|\t)[^\n]*\n)*\s*\n(?=\S)")
"""The signature in an indented block with which docstrings in Julia begin."""

_POD = re.compile(r"\A.*^=(?:head\d|item)\b[^\n]*\n", re.S | re.M)
_HEADING = re.compile(
    r"\A\s*(?:=\w+[^\n]*(?:\n|\Z)|#+[ ][^\n]*\n\s*\n"
    r"|[\w:>.-]+(?:\([^()\n]*\))?[ \t]*\n[ \t]*\n)"
)
"""What stands above a description: a directive, a title, or the function's name or signature."""

_END_OF_PARAGRAPH = re.compile(
    r"(?:^|\n)\s*(?:[:@](?:param|type|arg|return|rtype|raise|yield)|>>>|\.\. |-{3}|={3}|```"
    r"|[@\\](?!(?:brief|short|desc|description|code|link|p|c|ref|a|e)\b)[a-z]\w*"
    r"|\.[A-Z]{4,}\b|=\w+\b|#+[ ]"
    r"|[-*][ ](?:parameters?|returns?|throws)\b"
    r"|(?:args|arguments|parameters|returns|yields|raises|examples?|notes?)\s*(?::|\n\s*-)"
    r"|[a-z]\w*[ \t]+:[ \t])"
    r"|</summary>|</?(?:p|pre|ul|ol|table|remarks|example|param|returns)\b[^>\n]*>|\n\s*\n",
    re.IGNORECASE,
)
_END_OF_SENTENCE = re.compile(r"(?<=[^.\s]{2}[.!?])\s+(?=[A-Z])")

_MARKUP = (
    (re.compile(r":[\w:]+:`~?([^`]*)`"), r"\1"),  # reStructuredText
    (re.compile(r"`r [^`]*`"), ""),  # R
    (re.compile(r"\{@\w+\s+#?([^{}]*)\}"), r"\1"),  # Javadoc
    (re.compile(r"<\w+\s+(?:cref|name|langword|href)=\"(?:\w:)?([^\"]*)\"\s*/>"), r"\1"),  # C#
    (re.compile(r"</?(?:a|b|br|c|code|em|i|para|see|strong|sub|sup|tt)\b[^<>\n]*>", re.I), " "),
    (re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*\)"), r"\1"),  # Markdown
    (re.compile(r"\[(`[^`\n]+`|[\w.:#]+)\](?:\[[^\[\]\n]*\])?"), r"\1"),
    (re.compile(r"[@\\](?:brief|short|desc|description|p|c|ref|a|e|code|link)\s+"), ""),  # Doxygen
    (re.compile(r"@([\w.']+)@"), r"\1"),  # Haddock
    (re.compile(r"\*\*([^*\n]+)\*\*"), r"\1"),
    (re.compile("`"), ""),
)


def query_from_docstring(docstring: str) -> str:
    """What a docstring says first, on one line: its description where that is labelled, and else
    its first paragraph, or the first sentence of a long one; without markup. Empty if it is too
    short or too long, is not in ASCII or holds a URL, as CodeSearchNet and its later cleanings
    filter docstrings."""
    paragraph = _END_OF_PARAGRAPH.split(_description(docstring).strip(), maxsplit=1)[0]
    words = _plain(paragraph).split()
    if len(words) > MAX_QUERY_WORDS:
        words = _END_OF_SENTENCE.split(" ".join(words), maxsplit=1)[0].split()
    fits = MIN_QUERY_WORDS <= len(words) <= MAX_QUERY_WORDS
    query = " ".join(words)
    return query if fits and query.isascii() and "://" not in query else ""


def _description(docstring: str) -> str:
    if label := _DESCRIPTION.search(docstring):
        return docstring[label.end() :]
    text = _SIGNATURE.sub("", _POD.sub("", docstring))
    while heading := _HEADING.match(text):
        text = text[heading.end() :]
    return text


def _plain(paragraph: str) -> str:
    for markup, text in _MARKUP:
        paragraph = markup.sub(text, paragraph)
    return paragraph
