"""Checkpoints: a folder with the trained weights in half precision (`model.safetensors`), the
settings (`config.json`), the vocabularies, and a model card. Those that ship with the package are
in `embeddings/checkpoints/` and are loaded by name."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn

from embeddings.naming.disagreement import Thresholds
from embeddings.naming.network import Labels, LabelSource
from embeddings.networks.code2vec import Code2Vec, Code2VecSettings
from embeddings.networks.fusion import FUSIONS, FusionKind, FusionNetwork
from embeddings.networks.query_encoders import (
    QueryKind,
    QueryPooling,
    QuerySettings,
    WordQueryEncoder,
)
from embeddings.networks.vocabulary import Lexicon, Vocabulary
from embeddings.text import tuned
from embeddings.text.language_model import (
    TUNED,
    EncoderUnavailable,
    LanguageModel,
    ModelSettings,
    Runtime,
    load_model,
)
from embeddings.text.weights import half_precision

FORMAT = 3
SHIPPED_FOLDER = Path(__file__).parent / "checkpoints"
WEIGHTS, CONFIG = "model.safetensors", "config.json"
VOCABULARIES = ("subtokens", "paths", "labels", "words")
TRAINED_LANGUAGES = ("python",)
"""What code2vec is trained on unless a checkpoint says otherwise."""

OWN_LANGUAGE_MODEL = "."
"""The name of a language model whose tuned weights are in the checkpoint's folder."""


@dataclass(frozen=True, slots=True)
class PathSettings:
    """Limits on path-contexts; `max_length` counts both sides together."""

    max_length: int = 8
    max_width: int = 2
    max_contexts: int = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that defines a checkpoint's networks and their inputs. `text_width` is the number
    of dimensions of the language model, `text_fingerprint` the fingerprint of its weights in
    training. code2vec was trained on `languages`; its vectors of others are not used.
    `name_thresholds` say which predicted names are sure and which are likely."""

    text: ModelSettings = field(default_factory=ModelSettings)
    text_width: int = 384
    text_fingerprint: str = ""
    paths: PathSettings = field(default_factory=PathSettings)
    code: Code2VecSettings = field(default_factory=Code2VecSettings)
    fusion: FusionKind = FusionKind.WEIGHTED_SUM
    query: QuerySettings = field(default_factory=QuerySettings)
    labels: LabelSource = LabelSource.CODE
    languages: tuple[str, ...] = TRAINED_LANGUAGES
    name_thresholds: Thresholds = field(default_factory=Thresholds)


class Network(nn.Module):
    """All trained networks: code2vec, the fusion, the labels and, unless the language model encodes
    queries, a query encoder."""

    def __init__(self, settings: Settings, lexicon: Lexicon) -> None:
        super().__init__()
        code, text = settings.code.code, settings.text_width
        self.code2vec = Code2Vec(len(lexicon.subtokens), len(lexicon.paths), settings.code)
        self.fusion: FusionNetwork = FUSIONS[settings.fusion](text, code)
        self.source = settings.labels
        self.labels = untrained_labels(settings, lexicon)
        self.queries = (
            None
            if settings.query.kind is QueryKind.LANGUAGE_MODEL
            else WordQueryEncoder(len(lexicon.subtokens), text, settings.query)
        )


def untrained_labels(settings: Settings, lexicon: Lexicon) -> Labels:
    source = settings.labels
    width = settings.code.code * source.reads_code + settings.text_width * source.reads_text
    return Labels(lexicon.labels, width, lexicon.words if source.reads_words else None)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A trained network with its settings and vocabularies. `fingerprint` is the hash of its files
    without the model card."""

    folder: Path
    settings: Settings
    lexicon: Lexicon
    network: Network
    fingerprint: str

    @property
    def name(self) -> str:
        return self.folder.name


def save(folder: Path, settings: Settings, lexicon: Lexicon, network: Network) -> None:
    """Writes a checkpoint, replacing what is in the folder. The weights of a tuned language model
    are copied into it."""
    folder.mkdir(parents=True, exist_ok=True)
    if tuned.copy(Path(settings.text.name), folder):
        settings = replace(settings, text=replace(settings.text, name=OWN_LANGUAGE_MODEL))
    for name in VOCABULARIES:
        getattr(lexicon, name).save(_vocabulary(folder, name))
    weights = {name: half_precision(tensor) for name, tensor in network.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    config = {"format": FORMAT, **asdict(settings)}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n")


def load(checkpoint: str | Path) -> Checkpoint:
    """A shipped checkpoint by name, or one in a folder. Raises EncoderUnavailable."""
    folder = _folder(checkpoint)
    config = json.loads((folder / CONFIG).read_text())
    if config.pop("format") != FORMAT:
        raise EncoderUnavailable(f"The checkpoint in {folder} was written by another version.")
    settings = _settings(config)
    loaded = (Vocabulary.load(_vocabulary(folder, name)) for name in VOCABULARIES)
    lexicon = Lexicon(*loaded)
    network = Network(settings, lexicon)
    network.load_state_dict({k: v.float() for k, v in load_file(folder / WEIGHTS).items()})
    return Checkpoint(
        folder, settings, lexicon, network.eval().requires_grad_(False), _fingerprint(folder)
    )


def text_model(
    checkpoint: Checkpoint, device: str, llm: str | None = None, runtime: Runtime | None = None
) -> LanguageModel:
    """The language model with which a checkpoint was trained, or `llm` with the same settings.
    `runtime` overrides the checkpoint's. Raises EncoderUnavailable."""
    settings = checkpoint.settings.text
    own = checkpoint.folder if settings.name == OWN_LANGUAGE_MODEL else settings.name
    return load_model(llm or str(own), settings=settings, runtime=runtime, device=device)


def text_name(checkpoint: Checkpoint) -> str:
    """The name of the published language model with which a checkpoint was trained."""
    name = checkpoint.settings.text.name
    if name != OWN_LANGUAGE_MODEL:
        return name
    return str(json.loads((checkpoint.folder / TUNED).read_text())["model"])


def _folder(checkpoint: str | Path) -> Path:
    shipped = SHIPPED_FOLDER / checkpoint
    folder = shipped if (shipped / CONFIG).is_file() else Path(checkpoint)
    if not (folder / CONFIG).is_file():
        raise EncoderUnavailable(
            f"There is no checkpoint {str(checkpoint)!r}: it is neither the name of one that ships "
            f"with the package nor a folder with a {CONFIG}."
        )
    return folder


def _vocabulary(folder: Path, name: str) -> Path:
    return folder / f"{name}.txt.gz"


def _settings(config: dict[str, Any]) -> Settings:
    text, query = config["text"], config["query"]
    return Settings(
        text=ModelSettings.from_dict(text),
        text_width=config["text_width"],
        text_fingerprint=config["text_fingerprint"],
        paths=PathSettings(**config["paths"]),
        code=Code2VecSettings(**config["code"]),
        fusion=FusionKind(config["fusion"]),
        query=QuerySettings(
            QueryKind(query["kind"]), QueryPooling(query["pooling"]), query["width"]
        ),
        labels=LabelSource(config["labels"]),
        languages=tuple(config.get("languages", TRAINED_LANGUAGES)),
        name_thresholds=Thresholds(**config.get("name_thresholds", {})),
    )


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    vocabularies = (_vocabulary(folder, name) for name in VOCABULARIES)
    for path in (folder / CONFIG, folder / WEIGHTS, *vocabularies):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
