"""`whiten`: fits what all vectors of a language model share on a corpus, and writes a folder from
which the model is loaded without it. The folder says how the model is read, too."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from embeddings.networks.fusion import STORED_WIDTH
from embeddings.text import loading, tuned, whitening
from embeddings.text.language_model import EncoderUnavailable, ModelSettings, Pooling, canonical
from embeddings.text.settings import folder_settings
from embeddings.text.tuned import WHITENING, TunedModel
from embeddings.training.data.dataset import TRAINING_TOKENS, View, load

DTYPES = ("float32", "bfloat16", "float16")
FITTED = 10_000


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--llm", required=True, help="hub name, folder or GGUF file")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--limit", type=int, help="only so many functions of the corpus")
    parser.add_argument("--max-tokens", type=int, default=TRAINING_TOKENS)
    parser.add_argument(
        "--components",
        type=int,
        help=f"dimensions that are kept, scaled to the same deviation, {STORED_WIDTH} at most; "
        "without it the means are taken out, and no more",
    )
    reading = parser.add_argument_group("how the model is read, if not as it states itself")
    reading.add_argument("--pooling", type=Pooling, choices=list(Pooling))
    reading.add_argument("--layers", type=int, help="the first ones alone")
    reading.add_argument("--budget", type=int, help="tokens a definition, in windows")
    reading.add_argument("--dtype", choices=DTYPES)
    reading.add_argument("--prompt", help="what stands before code")
    reading.add_argument("--query-prompt", help="what stands before a description")
    parser.set_defaults(run=whiten)


def whiten(options: argparse.Namespace) -> None:
    """Raises EncoderUnavailable."""
    first = tuned.load(canonical(options.llm))
    if first.asks_published:
        raise EncoderUnavailable(
            f"{options.llm} was tuned to descriptions that the published model reads: their vectors"
            f" have no mean of their own. Whiten the published model, and tune that."
        )
    plain = replace(first, settings=_settings(first, options), whitening=None)
    plain.save(options.out)
    (options.out / WHITENING).unlink(missing_ok=True)
    data = load(options.corpus, str(options.out), options.device, options.limit, options.max_tokens)
    rows = data.rows("train", described=True)[:FITTED]
    data.prepare({View.BARE, View.QUERY}, rows)
    code, queries = (data.vectors(view, rows) for view in (View.BARE, View.QUERY))
    if options.components:
        fitted = whitening.whitening(code, queries, min(options.components, STORED_WIDTH))
    else:
        fitted = whitening.centring(code, queries)
    replace(plain, whitening=fitted).save(options.out)


def _settings(first: TunedModel, options: argparse.Namespace) -> ModelSettings:
    own = first.settings or folder_settings(
        loading.located(first.model).folder, ModelSettings(first.model)
    )
    asked = ("pooling", "layers", "budget", "dtype", "prompt", "query_prompt")
    given = {name: getattr(options, name) for name in asked}
    return replace(own, **{name: value for name, value in given.items() if value is not None})
