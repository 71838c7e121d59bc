"""Texts as the tokens that a language model reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from embeddings.reading import ModelSettings

Tokens = list[int]
Windows = list[Tokens]
"""A text as it is read: one window, or several that follow each other."""

# No tokenizer of a language model makes fewer tokens than this of ordinary text, so whatever
# lies behind as many times as many characters would be cut off anyway.
CHARACTERS_PER_TOKEN = 32


def windows(tokenizer: Any, texts: Sequence[str], settings: ModelSettings) -> list[Windows]:
    """Of each text its first window, or as many as the budget holds."""
    if not texts:
        return []
    count = max(1, settings.budget // settings.max_tokens)
    kept = count * settings.max_tokens * CHARACTERS_PER_TOKEN
    encoded = tokenizer(
        [_printable(settings.prompt + text[:kept]) for text in texts],
        truncation=True,
        max_length=settings.max_tokens,
        padding=False,
        return_overflowing_tokens=count > 1,
    )
    found: list[Windows] = [[] for _ in texts]
    of_text = encoded["overflow_to_sample_mapping"] if count > 1 else range(len(texts))
    for text, ids in zip(of_text, encoded["input_ids"], strict=True):
        # A tokenizer without special tokens makes nothing of an empty text.
        found[text].append(ids or [padding(tokenizer)])
    return [one[:count] for one in found]


def unread(tokenizer: Any, texts: Sequence[str], settings: ModelSettings) -> list[int]:
    """How many of each text's tokens lie behind its windows."""
    window = settings.max_tokens - tokenizer.num_special_tokens_to_add()
    read = max(1, settings.budget // settings.max_tokens) * window
    whole = [_printable(settings.prompt + text) for text in texts]
    # A token is a byte at least: only longer texts need be looked at.
    long = [row for row, text in enumerate(whole) if len(text.encode()) > read]
    counts = [0] * len(texts)
    if long:
        options = {"add_special_tokens": False, "padding": False, "verbose": False}
        tokens = tokenizer([whole[row] for row in long], **options)["input_ids"]
        for row, ids in zip(long, tokens, strict=True):
            counts[row] = max(0, len(ids) - read)
    return counts


def padding(tokenizer: Any) -> int:
    """What stands behind the tokens of a shorter text; it is never looked at."""
    return 0 if tokenizer.pad_token_id is None else int(tokenizer.pad_token_id)


def _printable(text: str) -> str:
    """The text without lone surrogates, which tokenizers refuse."""
    return text.encode("utf-8", "replace").decode()
