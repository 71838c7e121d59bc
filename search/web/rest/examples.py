"""Examples in the OpenAPI schema: requests, and the answers that they got, some of them cut."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

COMMIT = "ffab3fdbe2cbd19a39e930fd7b94c5cb71502295"
HERE = "https://code.example.org"
THERE = "https://git.example.org/alice/shop/src/commit"

TOTAL = {
    "qualified_name": "total",
    "kind": "function",
    "start_line": 12,
    "end_line": 14,
    "url": f"{HERE}/files/fuc3oqP8ox0R9DfWYv-6WQ/0eElhe1YeKoWK5YoH7drrw/",
    "permalink": f"{HERE}/r/alice/shop@{COMMIT}/src/shop/orders.py#L12-L14",
}
SOURCE = [
    "def total(prices):",
    '    """The sum of prices, in cents."""',
    "    return sum(round(100 * price) for price in prices)",
]


def _origin(path: str, lines: str = "") -> dict[str, Any]:
    return {
        "owner": "alice",
        "repository": "shop",
        "branch": "",
        "commit": COMMIT,
        "indexed": "2026-11-30T17:00:42.765781+00:00",
        "permalink": f"{HERE}/r/alice/shop@{COMMIT}/{path}{lines}",
        "host_link": f"{THERE}/{COMMIT}/{path}{lines}",
        "path": path,
    }


ANSWER = {
    "query": "sum of prices",
    "results": [
        {
            **_origin("src/shop/orders.py", "#L12-L14"),
            **TOTAL,
            "score": 11.12,
            "score_parts": {
                "name": 0.0, "literal": 0.0, "words": 0.171, "path": 0.0, "meaning": 7.033,
                "structure": -0.036, "file": 3.951, "repeated": 0.0, "rule": 0.0,
            },
            "closeness": "strong",
            "lowered": "",
            "source": "\n".join(SOURCE),
            "lines": [{"line": 12 + number, "text": line} for number, line in enumerate(SOURCE)],
            "docstring": "The sum of prices, in cents.",
            "predicted_names": [["sum", 0.066], ["round", 0.064]],
            "also": [],
        }
    ],
    "notices": [],
    "exact": True,
    "correction": "",
    "next": "WzEsIDAsIC0xMS4xMjAxNjY3NzkwNzIwNTQsICJzcmMvc2hvcC9vcmRlcnMucHkiLCAxMiwgMTRd",
}  # fmt: skip


def answer(value: object) -> OpenApiExample:
    return OpenApiExample("Answer", value, response_only=True, status_codes=["200"])


def parameter(name: str, value: object, called: str = "Example") -> OpenApiExample:
    return OpenApiExample(called, value, parameter_only=(name, "query"))


def body(value: object) -> OpenApiExample:
    return OpenApiExample("Request", value, request_only=True)


SEARCH = [parameter("q", "sum of prices"), answer(ANSWER)]

LINES = [
    parameter("q", r"/def \w+_retry\(/"),
    answer(
        {
            "query": r"/def \w+_retry\(/",
            "files": [
                {
                    **_origin("src/shop/http.py"),
                    "count": 1,
                    "lines": [
                        {
                            "line": 7,
                            "text": "def fetch_with_retry(url, attempts=5):",
                            "matches": [[0, 21]],
                        }
                    ],
                    "url": f"{HERE}/files/f4mdf2JqbOnXLMwyNX7flg/",
                }
            ],
            "file_count": 1,
            "line_count": 1,
            "exact": True,
            "next": None,
        }
    ),
]

FILE = [
    parameter("repo", "alice/shop"),
    parameter("path", "src/shop/orders.py"),
    parameter("lines", "12-14"),
    answer(
        {
            **_origin("src/shop/orders.py", "#L12-L14"),
            "language": "python",
            "lines": 14,
            "start_line": 12,
            "end_line": 14,
            "content": "\n".join(SOURCE),
            "skipped": "",
            "definitions": [TOTAL],
            "url": f"{HERE}/files/fuc3oqP8ox0R9DfWYv-6WQ/",
        }
    ),
]

BATCH = [
    body({"queries": [{"q": "sum of prices", "limit": 1}, {"q": "retry", "repo": ["none"]}]}),
    answer(
        {
            "answers": [
                {"answer": ANSWER, "problem": None},
                {
                    "answer": None,
                    "problem": {
                        "type": "about:blank",
                        "title": "Not Found",
                        "status": 404,
                        "detail": "There is no repository none.",
                    },
                },
            ]
        }
    ),
]

CODE = "def f(prices):\n    return sum(prices)"

SIMILAR_TO_CODE = [parameter("code", CODE)]

ENCODE = [body({"queries": ["sum of prices"], "definitions": [{"code": CODE, "lang": "python"}]})]

NAMES = [
    body({"code": CODE, "limit": 3}),
    answer(
        {
            "names": [
                {"name": "mean", "f1": 0.131},
                {"name": "sum", "f1": 0.1},
                {"name": "mean_sum", "f1": 0.149},
            ]
        }
    ),
]

EXPLANATION = [parameter("q", "sum of prices")]
