"""The command `whiten`: fits on a corpus what all vectors of a language model share, and writes a
folder from which the model is loaded without it. The folder also holds how texts are read."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from embeddings.networks.fusion import STORED_WIDTH
from embeddings.text import loading, tuned, whitening
from embeddings.text.language_model import EncoderUnavailable, ModelSettings, Pooling, canonical
from embeddings.text.settings import folder_settings
from embeddings.text.tuned import WHITENING, TunedModel
from embeddings.training.data.dataset import TRAINING_TOKENS, TextView, load

DTYPES = ("float32", "bfloat16", "float16")
# How many functions the whitening is fitted on.
FITTED = 10_000


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--llm", required=True, help="hub name, folder or GGUF file")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--limit", type=int, help="use only the first functions of the corpus")
    parser.add_argument("--max-tokens", type=int, default=TRAINING_TOKENS, help="of each text")
    parser.add_argument(
        "--components",
        type=int,
        help=f"number of dimensions to keep, at most {STORED_WIDTH}, scaled to the same standard "
        "deviation; without it, only the means are removed",
    )
    reading = parser.add_argument_group("reading settings, instead of the model's own")
    reading.add_argument("--pooling", type=Pooling, choices=list(Pooling))
    reading.add_argument("--layers", type=int, help="use only the first layers")
    reading.add_argument("--budget", type=int, help="tokens per definition, read in windows")
    reading.add_argument("--dtype", choices=DTYPES)
    reading.add_argument("--prompt", help="text before code")
    reading.add_argument("--query-prompt", help="text before a description")
    parser.set_defaults(run=whiten)


def whiten(options: argparse.Namespace) -> None:
    """Raises EncoderUnavailable."""
    first = tuned.load(canonical(options.llm))
    if first.asks_published:
        raise EncoderUnavailable(
            f"{options.llm} leaves descriptions to the published model, so that their vectors"
            " cannot be whitened with it. Whiten the published model first, then tune that."
        )
    plain = replace(first, settings=_settings(first, options), whitening=None)
    plain.save(options.out)
    (options.out / WHITENING).unlink(missing_ok=True)
    data = load(options.corpus, str(options.out), options.device, options.limit, options.max_tokens)
    rows = data.rows("train", described=True)[:FITTED]
    data.prepare({TextView.BARE, TextView.QUERY}, rows)
    code, queries = (data.vectors(view, rows) for view in (TextView.BARE, TextView.QUERY))
    if options.components:
        fitted = whitening.whitening(code, queries, min(options.components, STORED_WIDTH))
    else:
        fitted = whitening.centring(code, queries)
    replace(plain, whitening=fitted).save(options.out)


def _settings(first: TunedModel, options: argparse.Namespace) -> ModelSettings:
    own = first.settings or folder_settings(
        loading.locate(first.model).folder, ModelSettings(first.model)
    )
    names = ("pooling", "layers", "budget", "dtype", "prompt", "query_prompt")
    values = {name: getattr(options, name) for name in names}
    return replace(own, **{name: value for name, value in values.items() if value is not None})
