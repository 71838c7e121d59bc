"""Builds corpora, trains checkpoints and measures them. From packages to figures:

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

from embeddings import checkpoints
from embeddings.checkpoints import Settings
from embeddings.evaluation.questions import MalformedQuestions
from embeddings.naming.network import LabelSource
from embeddings.networks.code2vec import Code2VecSettings
from embeddings.networks.draft import DraftSettings
from embeddings.networks.fusion import FusionKind
from embeddings.networks.query_encoders import QueryKind, QueryPooling, QuerySettings
from embeddings.text.language_model import DEFAULT_MODEL, EncoderUnavailable, Runtime
from embeddings.training import measures, results_table, trainer, whitening
from embeddings.training.corpus import command as corpus_command
from embeddings.training.corpus import corpora
from embeddings.training.data import question_writer, training_pairs
from embeddings.training.data.dataset import TRAINING_TOKENS, TextView, load, load_with
from embeddings.training.measures import EvaluationData, RecordLabel
from embeddings.training.stages.code import Objective
from embeddings.training.stages.draft import DraftPlan, train_draft
from embeddings.training.stages.text import BATCH, TuningPlan, tune
from embeddings.training.stages.tuned_names import NamingPlan, train_names
from embeddings.training.stages.variable_names import VariablePlan, train_variables
from embeddings.training.trainer import TrainingPlan


def main(arguments: list[str] | None = None) -> int:
    """Runs one of the commands; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (EncoderUnavailable, FileNotFoundError, MalformedQuestions) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _vectors(options: argparse.Namespace) -> None:
    data = load(options.corpus, options.llm, options.device, options.limit, options.max_tokens)
    data.prepare(set(options.views or TextView))


def _train(options: argparse.Namespace) -> None:
    data = load(options.corpus, options.llm, options.device, options.limit, options.max_tokens)
    settings = Settings(
        code=Code2VecSettings(paths=not options.without_paths),
        fusion=options.fusion,
        query=QuerySettings(options.query, options.pooling),
        labels=options.labels,
    )
    plan = TrainingPlan(
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
    pairs = [pair for path in options.asked for pair in training_pairs.read_pairs(path)]
    tuning = TuningPlan(
        epochs=options.epochs,
        seed=options.seed,
        share=options.share,
        comments=options.comments,
        asked=pairs,
        locked=options.locked,
        batch=options.batch,
        rank=options.lora,
        rate=options.rate,
        max_tokens=options.max_tokens,
    )
    tune(data, tuning, options.out, resume=options.resume)


def _draft(options: argparse.Namespace) -> None:
    teacher = checkpoints.load(options.checkpoint)
    model = checkpoints.text_model(teacher, options.device, runtime=options.runtime)
    data = load_with(model, options.corpus, options.device, options.limit)
    plan = DraftPlan(
        epochs=options.epochs,
        pairs=options.pairs,
        taught=options.taught,
        seen=options.seen,
        seed=options.seed,
        settings=replace(DraftSettings(), contexts=options.contexts),
    )
    train_draft(data, teacher, plan, options.out, resume=options.resume)


def _names(options: argparse.Namespace) -> None:
    data = load(options.corpus, options.llm, options.device, options.limit)
    classes = corpora.read(options.corpus, options.limit, name=corpora.CLASSES)
    data = replace(data, functions=[*data.functions, *classes])
    plan = NamingPlan(
        options.epochs,
        options.layers,
        options.names,
        options.rate,
        options.text_rate,
        options.seed,
    )
    teacher = checkpoints.load(options.checkpoint)
    train_names(data, teacher, plan, options.out, resume=options.resume)


def _variables(options: argparse.Namespace) -> None:
    plan = VariablePlan(options.epochs, options.functions, options.rate, seed=options.seed)
    teacher, resume = checkpoints.load(options.checkpoint), options.resume
    train_variables(options.corpus, teacher, plan, options.out, options.device, resume=resume)


def _evaluate(options: argparse.Namespace) -> None:
    measured = EvaluationData(
        options.corpus,
        options.cosqa,
        options.questions,
        options.repositories,
        named=options.named,
    )
    name = options.name or options.llm or options.checkpoint
    label = RecordLabel(name, options.seed, options.device)
    if options.llm:
        record = measures.measure_model(options.llm, measured, label, options.runtime)
    else:
        record = measures.measure_checkpoint(options.checkpoint, measured, label, options.runtime)
    others = (
        measures.measure_checkpoint(folder, measured, replace(label, name=other))
        for other, folder in (named.split("=", 1) for named in options.against)
    )
    record = record.with_gains_over(others)
    for column, figure in record.figures.items():
        print(f"{column}: {figure}")
    if options.record:
        record.save(options.record)


def _validate(options: argparse.Namespace) -> None:
    count = results_table.write(options.records, options.out)
    print(f"{count} records in {options.out}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m embeddings.training", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(required=True)
    corpus_command.add_to(commands.add_parser("corpus", help="collect functions to train on"))
    vectors = commands.add_parser("vectors", help="compute the language-model vectors of a corpus")
    vectors.set_defaults(run=_vectors)
    vectors.add_argument("--views", type=TextView, nargs="*", help="only these texts of a function")
    whiten = commands.add_parser("whiten", help="remove what all vectors of a model share")
    whitening.add_to(whiten)
    questions = commands.add_parser("questions", help="write questions that functions answer")
    question_writer.add_to(questions)
    tuning = commands.add_parser("tune", help="tune the language model itself")
    train = commands.add_parser("train", help="train a checkpoint")
    for command in (vectors, tuning, train):
        _add_data(command)
    for command in (tuning, train):
        _add_run(command)
    _add_tune(tuning)
    _add_train(train)
    _add_draft(commands.add_parser("draft", help="train the draft of a checkpoint"))
    _add_names(commands.add_parser("names", help="train a language model to name definitions"))
    _add_variables(commands.add_parser("variables", help="train the names of variables"))
    _add_evaluate(commands.add_parser("evaluate", help="measure a checkpoint or language model"))
    validate = commands.add_parser("validate", help="write the tables of all recorded figures")
    validate.add_argument("--records", type=Path, default=Path("docs/results/validation"))
    validate.add_argument("--out", type=Path, default=Path("docs/results/validation.md"))
    validate.set_defaults(run=_validate)
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--llm", default=DEFAULT_MODEL, help="hub name or folder")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--limit", type=int, help="use only the first functions of the corpus")
    parser.add_argument("--max-tokens", type=int, default=TRAINING_TOKENS, help="of each text")


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="resume an interrupted run")


def _add_tune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--epochs", type=int, default=20, help="of 50 batches each")
    parser.add_argument("--batch", type=int, default=BATCH, help=f"pairs per batch ({BATCH})")
    parser.add_argument("--share", type=float, help="of the tuned weights to keep, 0 to 1")
    parser.add_argument(
        "--comments", type=int, default=0,
        help="pairs per batch that are a comment and the lines below it",
    )  # fmt: skip
    parser.add_argument(
        "--locked", action="store_true", help="leave the questions to the published model"
    )
    parser.add_argument(
        "--lora", type=int, default=0, metavar="RANK",
        help="train adapters of this rank instead of whole weights",
    )  # fmt: skip
    parser.add_argument("--rate", type=float, help="highest learning rate")
    parser.add_argument(
        "--asked", type=Path, nargs="*", default=[], metavar="FILE",
        help='questions that people asked, as JSON lines: {"question": …, "code": …}',
    )  # fmt: skip
    parser.set_defaults(run=_tune)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fusion", type=FusionKind, default=FusionKind.WEIGHTED_SUM)
    parser.add_argument("--query", type=QueryKind, default=QueryKind.LANGUAGE_MODEL)
    parser.add_argument("--pooling", type=QueryPooling, default=QueryPooling.MEAN)
    parser.add_argument("--labels", type=LabelSource, default=LabelSource.CODE)
    parser.add_argument("--epochs", type=int, default=4, help="of code2vec")
    parser.add_argument("--fusion-epochs", type=int, default=30)
    parser.add_argument("--queries", type=int, help="largest number of docstrings for code2vec")
    parser.add_argument("--pairs", type=int, help="largest number of functions for the fusion")
    parser.add_argument("--name-epochs", type=int, default=5)
    parser.add_argument("--names", type=int, help="largest number of functions for the names")
    parser.add_argument(
        "--objective", type=Objective, choices=list(Objective), default=Objective.BOTH,
        help="what code2vec is trained for",
    )  # fmt: skip
    parser.add_argument("--joint", action="store_true", help="train code2vec on with the fusion")
    code2vec = parser.add_mutually_exclusive_group()
    code2vec.add_argument(
        "--without-paths", action="store_true", help="use only the tokens of path-contexts"
    )
    code2vec.add_argument(
        "--code2vec",
        help="take code2vec from this checkpoint, and its labels if they have the same source",
    )
    parser.set_defaults(run=_train)


def _add_draft(parser: argparse.ArgumentParser) -> None:
    plan = DraftPlan()
    parser.add_argument("--checkpoint", default="default", help="name or folder of the teacher")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--runtime", type=Runtime, choices=list(Runtime), help="of the teacher")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--limit", type=int, help="use only the first functions of the corpus")
    parser.add_argument("--epochs", type=int, default=plan.epochs)
    parser.add_argument("--pairs", type=int, help="largest number of described functions")
    parser.add_argument(
        "--taught", type=int, default=plan.taught, help="how many of them the teacher reads"
    )
    parser.add_argument(
        "--seen", type=float, default=plan.seen, metavar="SHARE",
        help="the share of its corpus, from its beginning, that the teacher's code2vec was trained"
        " on: drafts learn nothing from its vectors of these functions",
    )  # fmt: skip
    parser.add_argument(
        "--contexts", type=int, default=plan.settings.contexts,
        help="path-contexts that code2vec reads; 0: drafts of the text alone",
    )  # fmt: skip
    _add_run(parser)
    parser.set_defaults(run=_draft)


def _add_names(parser: argparse.ArgumentParser) -> None:
    plan = NamingPlan()
    _add_naming(parser, plan)
    parser.add_argument(
        "--llm",
        default=DEFAULT_MODEL,
        help="hub name or folder; that of a namer is trained further",
    )
    parser.add_argument("--limit", type=int, help="use only the first functions of the corpus")
    parser.add_argument("--names", type=int, help="largest number of functions, and of classes")
    parser.add_argument(
        "--layers", type=int, default=plan.layers, help="last ones that are trained"
    )
    parser.add_argument(
        "--text-rate", type=float, default=plan.text_rate, help="that of the language model"
    )
    parser.set_defaults(run=_names)


def _add_variables(parser: argparse.ArgumentParser) -> None:
    _add_naming(parser, VariablePlan())
    parser.add_argument("--functions", type=int, help="largest number of functions")
    parser.set_defaults(run=_variables)


def _add_naming(parser: argparse.ArgumentParser, plan: NamingPlan | VariablePlan) -> None:
    parser.add_argument("--checkpoint", default="default", help="name or folder to begin with")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--epochs", type=int, default=plan.epochs)
    parser.add_argument("--rate", type=float, default=plan.rate, help="highest learning rate")
    _add_run(parser)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", default="default", help="name or folder")
    parser.add_argument("--llm", help="measure a language model alone: hub name or folder")
    parser.add_argument("--runtime", type=Runtime, choices=list(Runtime), help="of the model")
    parser.add_argument("--corpus", type=Path, required=True, help="folder; uses its test split")
    parser.add_argument("--cosqa", type=Path, help="folder with cosqa_*.jsonl")
    parser.add_argument("--questions", type=Path, help="questions about repositories")
    parser.add_argument("--repositories", type=Path, help="folder with their checkouts, by name")
    parser.add_argument(
        "--against", nargs="*", default=[], metavar="NAME=FOLDER",
        help="checkpoints to compare with on the same items",
    )  # fmt: skip
    parser.add_argument(
        "--named", type=int, default=measures.MOST_NAMED, metavar="N",
        help="largest number of functions whose names are predicted; 0: none",
    )  # fmt: skip
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--name", help="name of the record in the table")
    parser.add_argument("--seed", type=int, default=1, help="of the training, for the record")
    parser.add_argument("--record", type=Path, help="file to write the figures to")
    parser.set_defaults(run=_evaluate)


if __name__ == "__main__":
    raise SystemExit(main())
