"""The training command. A checkpoint from nothing:

python -m embeddings.training corpus --installed --standard-library --out CORPUS
python -m embeddings.training vectors --corpus CORPUS
python -m embeddings.training train --corpus CORPUS --out CHECKPOINT
python -m embeddings.training evaluate --checkpoint CHECKPOINT --corpus CORPUS
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from embeddings.checkpoints import Settings
from embeddings.evaluation.questions import Malformed
from embeddings.naming.network import LabelSource
from embeddings.networks.code2vec import Code2VecSettings
from embeddings.networks.fusion import FusionKind
from embeddings.networks.query_encoders import QueryKind, QueryPooling, QuerySettings
from embeddings.text.language_model import DEFAULT_MODEL, EncoderUnavailable, Runtime
from embeddings.training import measures, trainer, validation, whitening
from embeddings.training.corpus import command as corpus_command
from embeddings.training.data import question_writer, training_pairs
from embeddings.training.data.dataset import TRAINING_TOKENS, View, load
from embeddings.training.measures import Label, Sources
from embeddings.training.stages.networks import Objective
from embeddings.training.stages.text import BATCH, Tuning, tune
from embeddings.training.trainer import Plan


def main(arguments: list[str] | None = None) -> int:
    """Runs one of the commands; 0 if it did what was asked."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (EncoderUnavailable, FileNotFoundError, Malformed) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _vectors(options: argparse.Namespace) -> None:
    data = load(options.corpus, options.llm, options.device, options.limit, options.max_tokens)
    data.prepare(set(options.views or View))


def _train(options: argparse.Namespace) -> None:
    data = load(options.corpus, options.llm, options.device, options.limit, options.max_tokens)
    settings = Settings(
        code=Code2VecSettings(paths=not options.without_paths),
        fusion=options.fusion,
        query=QuerySettings(options.query, options.pooling),
        labels=options.labels,
    )
    plan = Plan(
        epochs=options.epochs,
        fusion_epochs=options.fusion_epochs,
        queries=options.queries,
        name_epochs=options.name_epochs,
        pairs=options.pairs,
        names=options.names,
        seed=options.seed,
        objective=options.objective,
        joint=options.joint,
        code2vec=options.code2vec,
    )
    trainer.train(data, settings, plan, options.out, resume=options.resume)


def _tune(options: argparse.Namespace) -> None:
    data = load(options.corpus, options.llm, options.device, options.limit, options.max_tokens)
    asked = [pair for path in options.asked for pair in training_pairs.asked(path)]
    tuning = Tuning(
        epochs=options.epochs,
        seed=options.seed,
        share=options.share,
        comments=options.comments,
        asked=asked,
        locked=options.locked,
        batch=options.batch,
        rank=options.lora,
        rate=options.rate,
        max_tokens=options.max_tokens,
    )
    tune(data, tuning, options.out, resume=options.resume)


def _evaluate(options: argparse.Namespace) -> None:
    sources = Sources(
        options.corpus,
        options.cosqa,
        options.questions,
        options.repositories,
        named=options.named,
    )
    label = Label(options.name or options.llm or options.checkpoint, options.seed, options.device)
    if options.llm:
        record = measures.of_model(options.llm, sources, label, options.runtime)
    else:
        record = measures.of_checkpoint(options.checkpoint, sources, label, options.runtime)
    others = (
        measures.of_checkpoint(folder, sources, replace(label, name=name))
        for name, folder in (one.split("=", 1) for one in options.against)
    )
    record = record.compared(others)
    for column, figure in record.figures.items():
        print(f"{column}: {figure}")
    if options.record:
        record.save(options.record)


def _validate(options: argparse.Namespace) -> None:
    count = validation.write(options.records, options.out)
    print(f"{count} records in {options.out}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m embeddings.training", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(required=True)
    corpus_command.add_to(commands.add_parser("corpus", help="collect functions to train on"))
    vectors = commands.add_parser("vectors", help="language-model vectors of a corpus, on disk")
    vectors.set_defaults(run=_vectors)
    vectors.add_argument("--views", type=View, nargs="*", help="only these texts of a function")
    whitened = commands.add_parser("whiten", help="take out what all vectors of a model share")
    whitening.add_to(whitened)
    asked = commands.add_parser("questions", help="have a language model ask for functions")
    question_writer.add_to(asked)
    tuned = commands.add_parser("tune", help="tune the language model itself")
    tuned.set_defaults(run=_tune)
    tuned.add_argument("--epochs", type=int, default=20, help="of 50 batches")
    tuned.add_argument("--batch", type=int, default=BATCH, help=f"pairs in a batch, {BATCH} if not")
    tuned.add_argument("--share", type=float, help="of the tuned weights that is kept, 0 to 1")
    tuned.add_argument(
        "--comments", type=int, default=0,
        help="of a batch's pairs, that are a comment and the lines below it",
    )  # fmt: skip
    tuned.add_argument(
        "--locked", action="store_true", help="leave the questions to the published model"
    )
    tuned.add_argument(
        "--lora", type=int, default=0, metavar="RANK",
        help="train adapters of this rank, and no whole weights",
    )  # fmt: skip
    tuned.add_argument("--rate", type=float, help="highest learning rate")
    tuned.add_argument(
        "--asked", type=Path, nargs="*", default=[], metavar="FILE",
        help='questions that people asked, as JSON lines: {"question": …, "code": …}',
    )  # fmt: skip
    train = commands.add_parser("train", help="train a checkpoint")
    for command in (vectors, tuned, train):
        _add_data(command)
    for command in (tuned, train):
        _add_run(command)
    _add_train(train)
    _add_evaluate(commands.add_parser("evaluate", help="figures of a checkpoint or model"))
    validate = commands.add_parser("validate", help="the table of all recorded figures")
    validate.add_argument("--records", type=Path, default=Path("docs/results/validation"))
    validate.add_argument("--out", type=Path, default=Path("docs/results/validation.md"))
    validate.set_defaults(run=_validate)
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--llm", default=DEFAULT_MODEL, help="hub name or folder")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--limit", type=int, help="only so many functions of the corpus")
    parser.add_argument("--max-tokens", type=int, default=TRAINING_TOKENS, help="read of a text")


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="go on where a run was stopped")


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fusion", type=FusionKind, default=FusionKind.WEIGHTED_SUM)
    parser.add_argument("--query", type=QueryKind, default=QueryKind.LANGUAGE_MODEL)
    parser.add_argument("--pooling", type=QueryPooling, default=QueryPooling.MEAN)
    parser.add_argument("--labels", type=LabelSource, default=LabelSource.CODE)
    parser.add_argument("--epochs", type=int, default=4, help="of code2vec")
    parser.add_argument("--fusion-epochs", type=int, default=30)
    parser.add_argument("--queries", type=int, help="only so many docstrings for code2vec")
    parser.add_argument("--pairs", type=int, help="only so many described functions for the fusion")
    parser.add_argument("--name-epochs", type=int, default=5)
    parser.add_argument("--names", type=int, help="only so many functions for the names")
    parser.add_argument(
        "--objective", type=Objective, choices=list(Objective), default=Objective.BOTH,
        help="what code2vec is trained for",
    )  # fmt: skip
    parser.add_argument("--joint", action="store_true", help="code2vec learns on with the fusion")
    code2vec = parser.add_mutually_exclusive_group()
    code2vec.add_argument(
        "--without-paths", action="store_true", help="contexts of code2vec are their tokens alone"
    )
    code2vec.add_argument(
        "--code2vec",
        help="take code2vec and, where they predict from the same, labels from this checkpoint",
    )
    parser.set_defaults(run=_train)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", default="default", help="name or folder")
    parser.add_argument("--llm", help="a language model alone instead: hub name or folder")
    parser.add_argument("--runtime", type=Runtime, choices=list(Runtime), help="of the model")
    parser.add_argument("--corpus", type=Path, required=True, help="its test split is measured")
    parser.add_argument("--cosqa", type=Path, help="folder with cosqa_*.jsonl")
    parser.add_argument("--questions", type=Path, help="questions about repositories")
    parser.add_argument("--repositories", type=Path, help="folder with their checkouts, by name")
    parser.add_argument(
        "--against", nargs="*", default=[], metavar="NAME=FOLDER",
        help="checkpoints to compare with, item by item",
    )  # fmt: skip
    parser.add_argument(
        "--named", type=int, default=measures.MOST_NAMED, metavar="N",
        help="of so many functions names are predicted; 0 leaves them out",
    )  # fmt: skip
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--name", help="what the record is called in the table")
    parser.add_argument("--seed", type=int, default=1, help="of the training, for the record")
    parser.add_argument("--record", type=Path, help="file to keep the figures in")
    parser.set_defaults(run=_evaluate)


if __name__ == "__main__":
    raise SystemExit(main())
