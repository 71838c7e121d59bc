"""The type of a file: by its path, which an index knows before it reads the file, and then by its
content, which knows better where several languages share an extension."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from embeddings.code import languages
from embeddings.code.languages import TEXT, Document, FileType

_BINARY = """
    7z a aac apk avi avif bin blend bmp br bz2 ckpt class cur db deb dex dll dmg doc docx ear
    eot exe fbx flac gif glb gz h5 heic icns ico ipa jar jks jpeg jpg keystore lib lz4 lzma m4a
    m4v mid mkv mov mp3 mp4 mpg msi npy npz nupkg o ods odt ogg onnx otf p12 parquet pdf pfx pkl
    png ppt pptx psd pt pth pyc pyd pyo rar rpm safetensors snap so sqlite sqlite3 swf tar
    tflite tgz tif tiff ttf war wasm wav webm webp whl wmv woff woff2 xcf xls xlsx xz zip zst
"""
BINARY_EXTENSIONS = frozenset(_BINARY.split())
"""Files that need not be read to be known as binary. All others are told by their content."""

INSPECTED = 32 * 1024
"""Characters of a file that are looked at."""

_FIRST_LINE = 500
_SHEBANG = re.compile(r"#!\s*(\S+)[ \t]*(.*)")
_VERSION = re.compile(r"[-.\d]+$")
_ASSIGNMENT = re.compile(r"\w+=")

_CPP = re.compile(
    r"^[ \t]*(?:class\s+[\w:]+(?:\s+final)?\s*[:{]|namespace\b|template\s*<|using\s+\w"
    r"|(?:public|private|protected)\s*:|#\s*include\s*<(?:[a-z_]+|[\w/]+\.hpp)>)|\bstd::|\bconstexpr\b",
    re.M,
)
_OBJECTIVE_C = re.compile(
    r"^[ \t]*(?:@(?:interface|implementation|protocol|class|import|property)\b|#\s*import\b)", re.M
)
_C_FAMILY = re.compile(r"^[ \t]*(?:#\s*(?:include|define|if)|//|/\*)", re.M)
_MATHEMATICA = re.compile(r"^[ \t]*\(\*|^\w+(?:\[[^\n]*\])?[ \t]*:=", re.M)
_MATLAB = re.compile(r"^[ \t]*(?:%|function\b|end[ \t]*;?[ \t]*$|classdef\b|[\w.]+[ \t]*=)", re.M)
_PROLOG = re.compile(r"^(?::-|[a-z]\w*(?:\([^\n]*\))?[ \t]*(?::-|\.[ \t]*$))", re.M)
_PERL = re.compile(r"^[ \t]*(?:use|my|our|sub|package|require)\b|[$@%]\w", re.M)


def type_by_path(path: str) -> FileType | None:
    """The type of a file by its path: TEXT where that says nothing, None if it is binary."""
    if known := languages.by_path(path):
        return known
    suffix = PurePosixPath(path).suffix.lower().removeprefix(".")
    return None if suffix in BINARY_EXTENSIONS else TEXT


def type_by_content(file_type: FileType, source: str) -> FileType:
    """The type of a file whose path says `file_type`, by its decoded content. It differs where
    languages share an extension, and where a file of no known type names its interpreter."""
    refined = _BY_CONTENT.get(file_type.name)
    return file_type if refined is None else refined(source[:INSPECTED]) or file_type


def as_read(file_type: FileType, source: str) -> tuple[FileType, str]:
    """The type of a file by its content, and its text in the form that people read."""
    file_type = type_by_content(file_type, source)
    if isinstance(file_type, Document) and file_type.readable:
        return file_type, file_type.readable(source)
    return file_type, source


def interpreter(source: str) -> str:
    """The program that a script's first line names, without its folder and version; empty if there
    is none. `#!/usr/bin/env -S python3.12 -u` names python."""
    match = _SHEBANG.match(source[:_FIRST_LINE].split("\n", 1)[0])
    if match is None:
        return ""
    words = [match[1], *match[2].split()]
    if words[0].endswith("/env"):
        words = [word for word in words[1:] if word[0] != "-" and not _ASSIGNMENT.match(word)]
    program = words[0].rpartition("/")[2] if words else ""
    return _VERSION.sub("", program)


def _text(source: str) -> FileType | None:
    if program := interpreter(source):
        return _BY_INTERPRETER.get(program)
    start = source.lstrip()[:100].lower()
    for beginning, example in _BEGINNINGS.items():
        if start.startswith(beginning):
            return languages.by_path(example)
    return None


def _c(source: str) -> FileType | None:
    if _OBJECTIVE_C.search(source):
        return languages.by_path("a.m")
    return languages.by_path("a.cpp") if _CPP.search(source) else None


def _objective_c(source: str) -> FileType | None:
    """`.m` is also what MATLAB and Mathematica call their files."""
    if _OBJECTIVE_C.search(source) or _C_FAMILY.search(source):
        return None
    if _MATHEMATICA.search(source):
        return _named("mathematica")
    return _named("matlab") if _MATLAB.search(source) else None


def _perl(source: str) -> FileType | None:
    if program := interpreter(source):
        return _BY_INTERPRETER.get(program)
    is_prolog = _PROLOG.search(source) and not _PERL.search(source)
    return _named("prolog") if is_prolog else None


def _php(source: str) -> FileType | None:
    """Any language may call its included files `.inc`."""
    return None if "<?" in source else TEXT


def _typescript(source: str) -> FileType | None:
    is_translation = source.lstrip().startswith(("<?xml", "<!DOCTYPE TS"))
    return languages.by_path("a.xml") if is_translation else None


def _named(name: str) -> FileType:
    """The type of this name, or TEXT if there is none."""
    return next((each for each in languages.FILE_TYPES if each.name == name), TEXT)


_BY_INTERPRETER = {
    _VERSION.sub("", name): each for each in languages.FILE_TYPES for name in each.interpreters
}

_BEGINNINGS = {
    "<?xml": "a.xml",
    "<?php": "a.php",
    "<!doctype html": "a.html",
    "<html": "a.html",
    ".th ": "a.man",
    '.\\"': "a.man",
}
"""How a file of no known type begins, and the name of a file of its type."""

_BY_CONTENT: Mapping[str, Callable[[str], FileType | None]] = {
    "text": _text,
    "c": _c,
    "objectivec": _objective_c,
    "perl": _perl,
    "php": _php,
    "typescript": _typescript,
}
