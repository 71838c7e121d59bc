"""How fast code models encode on a GPU: `python -m benchmarks.gpu [--models NAME …]`.

Each model has its true architecture and random weights; the texts are distinct definitions of
installed packages. One run compares, in turn, this project's encoder; `encode` of
sentence-transformers with its default and other batch sizes; and the pooling of vLLM, if it is
installed. Prints definitions and tokens per second and the model FLOP utilisation: 2 × weights that
are multiplied (without word embeddings) × real tokens, over time and over the rate of a large
matrix product on the same card in the same run. `--device cpu --tiny` tries out the program.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from sysconfig import get_path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedConfig, PreTrainedTokenizerFast
from transformers.utils import logging

from benchmarks import architectures, sources
from embeddings.text import loading, packing, weights
from embeddings.text.language_model import LanguageModel, ModelSettings
from embeddings.text.torch_network import TorchNetwork

MATRIX = 8192
PRODUCTS = 20
# The first is the default of sentence-transformers.
BATCH_SIZES = (32, 64, 128, 256, 512)

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Work:
    """The texts of a run, their tokens, the weights that each is multiplied with, and the card's
    floating-point operations per second."""

    texts: Sequence[str]
    tokens: int
    weights: int
    rate: float

    def line(self, name: str, seconds: float) -> str:
        utilisation = 2 * self.weights * self.tokens / seconds / self.rate
        return (
            f"  {name:38} {len(self.texts) / seconds:10,.1f} definitions/s "
            f"{self.tokens / seconds:12,.0f} tokens/s {utilisation:7.1%} MFU"
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """A model's architecture and tokenizer, and a folder for libraries that load models from
    one."""

    config: PreTrainedConfig
    words: PreTrainedTokenizerFast
    folder: Path


def main(arguments: list[str] | None = None) -> None:
    """Prints the card, its rate, and a few lines for each model."""
    options = _options(arguments)
    logging.disable_progress_bar()
    texts = sources.texts_in(options.folders, options.texts)
    words = architectures.tokenizer_of(texts)
    rate = matrix_rate(options.device, getattr(torch, options.dtype), options.tiny)
    card, teraflops = _card(options.device), f"{rate / 1e12:,.1f} TFLOP/s"
    print(f"{card}, torch {torch.__version__}, {options.dtype}: {teraflops}", flush=True)
    for name, config in (architectures.TINY if options.tiny else architectures.CONFIGS).items():
        if name in options.models or options.tiny:
            print(name, flush=True)
            with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
                _compare(Subject(config, words, Path(folder)), texts, rate, options)


def matrix_rate(device: str, dtype: torch.dtype, small: bool) -> float:
    """Floating-point operations per second in the product of two large matrices, at best."""
    size = 256 if small else MATRIX
    one, other = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    best = min(_seconds(lambda: one @ other, device) for _ in range(PRODUCTS))
    return 2 * size**3 / best


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folders", type=Path, nargs="*", default=[Path(get_path("purelib"))])
    every = list(architectures.CONFIGS)
    parser.add_argument("--models", nargs="+", choices=every, default=every)
    parser.add_argument("--texts", type=int, default=4096)
    parser.add_argument("--max-tokens", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="use tiny models, to try it out")
    parser.add_argument(
        "--batch-sizes", type=int, nargs="*", default=BATCH_SIZES, help="of sentence-transformers"
    )
    parser.add_argument("--scratch", type=Path, help="folder with space for a model's weights")
    return parser.parse_args(arguments)


def _compare(
    subject: Subject, texts: Sequence[str], rate: float, options: argparse.Namespace
) -> None:
    work = _in_turns(subject, texts, rate, options)
    if find_spec("vllm"):
        # It needs the card for itself.
        gc.collect()
        torch.cuda.empty_cache()
        network = architectures.network(subject.config, options.device, options.dtype)
        network.save_pretrained(subject.folder)
        seconds = _vllm_seconds(subject.folder, texts, options)
        print(work.line("vLLM, pooling", seconds), flush=True)


def _in_turns(
    subject: Subject, texts: Sequence[str], rate: float, options: argparse.Namespace
) -> Work:
    """This project and sentence-transformers, on the same card."""
    network = architectures.network(subject.config, options.device, options.dtype)
    network.config.use_cache = False  # as in a model that was loaded
    settings = ModelSettings(dtype=options.dtype, max_tokens=options.max_tokens)
    fingerprint = weights.fingerprint(network, subject.words, None)
    own = TorchNetwork(network, options.device)
    model = LanguageModel(own, fingerprint, subject.words, settings, options.device)
    began = time.perf_counter()
    tokens = model.tokens(texts)
    tokenised = len(texts) / (time.perf_counter() - began)
    work = Work(texts, sum(map(len, tokens)), weights.count(model.network), rate)
    windows = [[ids] for ids in tokens]
    encoders = {
        "this project": model.encode,
        "this project, tokens given": lambda texts: model.encode_tokens(windows[: len(texts)]),
        **_sentence_transformers(subject, options),
    }
    for name, seconds in _timed(encoders, texts, options).items():
        print(work.line(name, seconds), flush=True)
    packs = packing.is_prepared(model.network)
    print(f"  packed: {packs}; the tokenizer alone: {tokenised:,.0f} definitions/s", flush=True)
    return work


def _timed(
    encoders: dict[str, Encode], texts: Sequence[str], options: argparse.Namespace
) -> dict[str, float]:
    """The median seconds of each encoder, after a warm-up."""
    for encode in encoders.values():
        encode(texts[: max(1, len(texts) // 8)])
    rounds = [
        {
            name: _seconds(lambda e=encode: e(texts), options.device)
            for name, encode in encoders.items()
        }
        for _ in range(options.rounds)
    ]
    return {name: statistics.median(seconds[name] for seconds in rounds) for name in encoders}


def _sentence_transformers(subject: Subject, options: argparse.Namespace) -> dict[str, Encode]:
    """Its `encode` with different batch sizes. It loads a model with one layer from the disk, which
    is then replaced by one with all layers."""
    if not find_spec("sentence_transformers"):
        return {}
    library = import_module("sentence_transformers")
    config = deepcopy(subject.config)
    loading.cut(config, 1)
    architectures.network(config, options.device, options.dtype).save_pretrained(subject.folder)
    subject.words.save_pretrained(subject.folder)
    dtype = {"dtype": getattr(torch, options.dtype)}
    model = library.SentenceTransformer(
        str(subject.folder), device=options.device, model_kwargs=dtype
    )
    model[0].model = architectures.network(subject.config, options.device, options.dtype)
    model.max_seq_length = options.max_tokens

    def with_batches(size: int) -> Encode:
        return lambda texts: model.encode(list(texts), batch_size=size, show_progress_bar=False)

    return {
        f"sentence-transformers, batches of {size}": with_batches(size)
        for size in options.batch_sizes
    }


def _vllm_seconds(folder: Path, texts: Sequence[str], options: argparse.Namespace) -> float:
    library = import_module("vllm")
    engine = library.LLM(
        str(folder), runner="pooling", dtype=options.dtype, max_model_len=options.max_tokens
    )
    limit = {"truncate_prompt_tokens": options.max_tokens - 1}
    params = library.PoolingParams(**limit)
    engine.embed(list(texts[:64]), pooling_params=params)
    return _seconds(lambda: engine.embed(list(texts), pooling_params=params), options.device)


def _seconds(work: Callable[[], object], device: str) -> float:
    _wait(device)
    began = time.perf_counter()
    work()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def _card(device: str) -> str:
    on_gpu = torch.device(device).type == "cuda"
    return torch.cuda.get_device_name(device) if on_gpu else "CPU"


if __name__ == "__main__":
    main()
