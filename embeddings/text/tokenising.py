"""From texts to the tokens that a language model reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from embeddings.text.settings import ModelSettings

Tokens = list[int]
Windows = list[Tokens]
"""A text as it is read: one window, or several consecutive ones."""

# No tokenizer makes longer tokens than this of ordinary text, so that further characters would be
# cut off anyway.
CHARACTERS_PER_TOKEN = 32


def windows(tokenizer: Any, texts: Sequence[str], settings: ModelSettings) -> list[Windows]:
    """The first window of each text, or as many as the budget allows."""
    count = _count(settings)
    kept = count * settings.max_tokens * CHARACTERS_PER_TOKEN
    looked_at = [text[:kept] for text in texts]
    return [all_[:count] for all_ in _split(tokenizer, looked_at, settings, overflowing=count > 1)]


def windows_with_unread(
    tokenizer: Any, texts: Sequence[str], settings: ModelSettings
) -> tuple[list[Windows], list[int]]:
    """The same, and the number of tokens of each text after its windows."""
    count, special = _count(settings), tokenizer.num_special_tokens_to_add()
    found = _split(tokenizer, texts, settings, overflowing=True)
    unread = [sum(len(window) - special for window in all_[count:]) for all_ in found]
    return [all_[:count] for all_ in found], unread


def _count(settings: ModelSettings) -> int:
    return max(1, settings.budget // settings.max_tokens)


def _split(
    tokenizer: Any, texts: Sequence[str], settings: ModelSettings, *, overflowing: bool
) -> list[Windows]:
    """The first window of each text, or all of them if `overflowing`."""
    if not texts:
        return []
    prompted = [_printable(settings.prompt + text) for text in texts]
    split = _split_by_rust if tokenizer.is_fast else _split_by_python
    found = split(tokenizer, prompted, settings.max_tokens, overflowing)
    # A tokenizer without special tokens returns nothing for an empty text.
    nothing = [padding(tokenizer)]
    return [[window or nothing for window in windows] for windows in found]


def _split_by_rust(
    tokenizer: Any, texts: list[str], max_tokens: int, overflowing: bool
) -> list[Windows]:
    encoded = tokenizer(
        texts,
        truncation=True,
        max_length=max_tokens,
        padding=False,
        return_overflowing_tokens=overflowing,
    )
    found: list[Windows] = [[] for _ in texts]
    of_text = encoded["overflow_to_sample_mapping"] if overflowing else range(len(texts))
    for text, ids in zip(of_text, encoded["input_ids"], strict=True):
        found[text].append(ids)
    return found


def _split_by_python(
    tokenizer: Any, texts: list[str], max_tokens: int, overflowing: bool
) -> list[Windows]:
    """With a tokenizer that is written in Python: these do not map overflowing windows to texts."""
    room = max_tokens - tokenizer.num_special_tokens_to_add()

    def windows(ids: Tokens) -> Windows:
        starts = range(0, max(len(ids), 1) if overflowing else 1, room)
        return [tokenizer.build_inputs_with_special_tokens(ids[at : at + room]) for at in starts]

    return [windows(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]]


def padding(tokenizer: Any) -> int:
    """The id of padding; its value does not matter."""
    return 0 if tokenizer.pad_token_id is None else int(tokenizer.pad_token_id)


def _printable(text: str) -> str:
    """The text without lone surrogates, which tokenizers reject."""
    return text.encode("utf-8", "replace").decode()
