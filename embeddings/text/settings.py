"""How a language model is read: what decides, beside its weights, which vector a text gets."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from embeddings.text.pooling import Pooling
from embeddings.types import Runtime

__all__ = ["DEFAULT_MODEL", "EncoderUnavailable", "ModelSettings", "Runtime", "folder_settings"]

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
# Longer inputs cost more than they tell: most definitions end well before this many tokens.
MAX_TOKENS = 512
# What sentence-transformers calls its poolings.
POOLINGS = {
    "mean": Pooling.MEAN,
    "weightedmean": Pooling.WEIGHTED_MEAN,
    "lasttoken": Pooling.LAST,
    "cls": Pooling.CLS,
}
# Modules of a sentence-transformers model that are nothing else than what is done here anyway.
MODULES = ("Transformer", "Pooling", "Normalize")
DOCUMENT_PROMPTS = ("document", "passage", "corpus")


class EncoderUnavailable(Exception):
    """An encoder cannot be had as asked; the message is fit for a user."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which language model, and how it is read. `dtype` is a torch dtype by name. The model reads
    windows of `max_tokens`; the first alone, or as many as `budget` tokens make. `layers` are the
    first ones, 0 meaning all: what lies behind them is not even loaded. `prompt` stands before
    code, `query_prompt` before a description."""

    name: str = DEFAULT_MODEL
    pooling: Pooling = Pooling.MEAN
    max_tokens: int = MAX_TOKENS
    dtype: str = "float32"
    budget: int = 0
    layers: int = 0
    prompt: str = ""
    query_prompt: str = ""
    runtime: Runtime = Runtime.TORCH

    @classmethod
    def of(cls, values: dict[str, Any]) -> ModelSettings:
        """From what `asdict` made of them, and JSON of that."""
        made = cls(**values)
        return replace(made, pooling=Pooling(made.pooling), runtime=Runtime(made.runtime))

    @property
    def for_queries(self) -> ModelSettings:
        return replace(self, prompt=self.query_prompt)

    def described(self) -> str:
        """In words that are equal only where vectors are. What was added to the settings later
        counts where it is not what all models had before."""
        first = f"{self.pooling} {self.max_tokens} {self.dtype}"
        plain = {one.name: one.default for one in fields(self)[4:]}
        later = {name: asdict(self)[name] for name in plain}
        changed = {name: value for name, value in later.items() if value != plain[name]}
        return f"{first} {json.dumps(changed)}" if changed else first


def folder_settings(folder: Path, settings: ModelSettings) -> ModelSettings:
    """The settings with what a sentence-transformers folder says of its model. Raises
    EncoderUnavailable where it asks for something that is not done here."""
    modules = _json(folder / "modules.json", [])
    parts = [one["type"].rpartition(".")[2] for one in modules]
    unknown = [part for part in parts if part not in MODULES]
    if unknown:
        raise EncoderUnavailable(
            f"The language model {settings.name} has a part that is not known here: {unknown[0]}. "
            f"Take another model."
        )
    limit = _json(folder / "sentence_bert_config.json", {}).get("max_seq_length")
    return replace(
        _prompted(folder, settings),
        pooling=_pooling(folder, settings),
        max_tokens=limit or settings.max_tokens,
    )


def _pooling(folder: Path, settings: ModelSettings) -> Pooling:
    """In the older form each way of pooling is a switch of its own."""
    config = _json(folder / "1_Pooling/config.json", {})
    switches = [key for key, value in config.items() if key.startswith("pooling_mode_") and value]
    old = [key.removeprefix("pooling_mode_").removesuffix("_tokens") for key in switches]
    wanted = config.get("pooling_mode", [name.removesuffix("_token") for name in old])
    names = [wanted] if isinstance(wanted, str) else wanted
    if not names:
        return settings.pooling
    if len(names) > 1 or names[0] not in POOLINGS or config.get("include_prompt") is False:
        raise EncoderUnavailable(
            f"The language model {settings.name} pools its tokens in a way that is not known here: "
            f"{', '.join(names)}. Take another model."
        )
    return POOLINGS[names[0]]


def _prompted(folder: Path, settings: ModelSettings) -> ModelSettings:
    config = _json(folder / "config_sentence_transformers.json", {})
    prompts = config.get("prompts") or {}
    default = prompts.get(config.get("default_prompt_name"), "")
    documents = [prompts[name] for name in DOCUMENT_PROMPTS if name in prompts]
    return replace(
        settings,
        prompt=documents[0] if documents else default,
        query_prompt=prompts.get("query", default),
    )


def _json(path: Path, default: Any) -> Any:
    return json.loads(path.read_text()) if path.is_file() else default
