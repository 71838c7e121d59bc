"""Settings of a language model: everything besides its weights that determines a text's vector."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from embeddings.text.pooling import Pooling
from embeddings.types import Runtime

__all__ = ["DEFAULT_MODEL", "EncoderUnavailable", "ModelSettings", "Runtime", "folder_settings"]

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
# Longer inputs cost more than they help: most definitions are much shorter than this.
MAX_TOKENS = 512
# The names of poolings in sentence-transformers.
POOLINGS = {
    "mean": Pooling.MEAN,
    "weightedmean": Pooling.WEIGHTED_MEAN,
    "lasttoken": Pooling.LAST,
    "cls": Pooling.CLS,
}
# Modules of a sentence-transformers model that are supported here.
MODULES = ("Transformer", "Pooling", "Normalize")
DOCUMENT_PROMPTS = ("document", "passage", "corpus")


class EncoderUnavailable(Exception):
    """An encoder cannot be loaded as requested. The message can be shown to users."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which language model, and how it reads texts. `dtype` is the name of a torch dtype. A text is
    read in windows of `max_tokens`: the first one, or as many as `budget` tokens fill. Only the
    first `layers` are loaded, 0 meaning all. `prompt` is put before code, `query_prompt` before a
    description."""

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
    def from_dict(cls, values: dict[str, Any]) -> ModelSettings:
        """From the output of `asdict`, perhaps through JSON."""
        settings = cls(**values)
        pooling, runtime = Pooling(settings.pooling), Runtime(settings.runtime)
        return replace(settings, pooling=pooling, runtime=runtime)

    @property
    def for_queries(self) -> ModelSettings:
        return replace(self, prompt=self.query_prompt)

    def described(self) -> str:
        """A description that is equal only if vectors are. Settings that were added later appear
        only if they differ from their defaults, so that older fingerprints stay valid."""
        first = f"{self.pooling} {self.max_tokens} {self.dtype}"
        plain = {field.name: field.default for field in fields(self)[4:]}
        later = {name: asdict(self)[name] for name in plain}
        changed = {name: value for name, value in later.items() if value != plain[name]}
        return f"{first} {json.dumps(changed)}" if changed else first


def folder_settings(folder: Path, settings: ModelSettings) -> ModelSettings:
    """The settings, updated from the files of a sentence-transformers folder. Raises
    EncoderUnavailable if they require something unsupported."""
    modules = _json(folder / "modules.json", [])
    parts = [module["type"].rpartition(".")[2] for module in modules]
    unknown = [part for part in parts if part not in MODULES]
    if unknown:
        raise EncoderUnavailable(
            f"The language model {settings.name} has an unsupported module: {unknown[0]}. "
            f"Use another model."
        )
    limit = _json(folder / "sentence_bert_config.json", {}).get("max_seq_length")
    return replace(
        _prompted(folder, settings),
        pooling=_pooling(folder, settings),
        max_tokens=limit or settings.max_tokens,
    )


def _pooling(folder: Path, settings: ModelSettings) -> Pooling:
    """In the older format each pooling mode is a switch of its own."""
    config = _json(folder / "1_Pooling/config.json", {})
    switches = [key for key, value in config.items() if key.startswith("pooling_mode_") and value]
    old = [key.removeprefix("pooling_mode_").removesuffix("_tokens") for key in switches]
    wanted = config.get("pooling_mode", [name.removesuffix("_token") for name in old])
    names = [wanted] if isinstance(wanted, str) else wanted
    if not names:
        return settings.pooling
    if len(names) > 1 or names[0] not in POOLINGS or config.get("include_prompt") is False:
        raise EncoderUnavailable(
            f"The language model {settings.name} has an unsupported pooling: {', '.join(names)}. "
            f"Use another model."
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
