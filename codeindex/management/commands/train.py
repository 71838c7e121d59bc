"""`manage.py train --from-index`: trains a checkpoint on the indexed code."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from django.core.management import CommandError

from codeindex.local_services.state import State
from codeindex.management import base
from codeindex.management.index import existing_index, repositories_called
from codeindex.models import Space
from codeindex.spaces import encoders, lifecycle, own_model
from codeindex.spaces.encoders import EncoderSource
from codeindex.spaces.own_model import Corpus, TooLittle
from embeddings import CodeEncoder, EncoderUnavailable
from embeddings.checkpoints import CONFIG
from embeddings.training.adaptation import Adaptation

DEFAULT = Adaptation()


class Command(base.Command):
    help = (
        "Train fusion, query encoder and name prediction on the docstrings and names of the indexed"
        " code, compare the new model with the one in use, and create a space for it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from-index", action="store_true", required=True)
        parser.add_argument(
            "--repository",
            nargs="+",
            default=[],
            metavar="NAME",
            help="only these repositories (NAME or OWNER/NAME)",
        )
        parser.add_argument(
            "--out",
            type=Path,
            metavar="FOLDER",
            help="where to write the checkpoint; defaults to a new folder named by the time",
        )
        parser.add_argument("--fusion-epochs", type=int, default=DEFAULT.fusion_epochs)
        parser.add_argument("--label-epochs", type=int, default=DEFAULT.label_epochs)
        parser.add_argument("--seed", type=int, default=DEFAULT.seed)
        parser.add_argument(
            "--least",
            type=int,
            default=own_model.LEAST_DESCRIBED,
            metavar="N",
            help="refuse to train on fewer functions with a docstring (default: %(default)s)",
        )
        parser.add_argument(
            "--resume", action="store_true", help="continue an interrupted training"
        )

    def handle(self, *, repository: list[str], out: Path | None, **options: Any) -> None:
        plan = Adaptation(options["fusion_epochs"], options["label_epochs"], options["seed"])
        try:
            with existing_index():
                out = _folder(out)
                source = _in_use()
                chosen = repositories_called(repository)
                corpus = own_model.corpus_of(chosen, out / "training", options["least"])
                self._describe(corpus)
                own_model.train(
                    corpus, source.checkpoint, out, _device(), plan, resume=options["resume"]
                )
                self._conclude(source, EncoderSource(str(out)), corpus)
        except (TooLittle, EncoderUnavailable, OSError) as error:
            raise CommandError(str(error)) from error

    def _describe(self, corpus: Corpus) -> None:
        measured = sum(bool(function.query) for function in corpus.held_out)
        self.stdout.write(
            f"{len(corpus.functions):,} functions, {corpus.described:,} of them with a docstring."
            f" {measured:,} of those are held out for evaluation, by whole {corpus.divided_by}."
        )
        if corpus.divided_by == "folders":
            self.stdout.write(
                "There are too few repositories to hold out whole ones, so the model is evaluated"
                " on repositories that it has seen in training."
            )

    def _conclude(self, old: EncoderSource, new: EncoderSource, corpus: Corpus) -> None:
        """Evaluates both encoders and creates the space of the new one."""
        before, encoder = encoders.load(old), encoders.load(new)
        figures = {"in use": _measured(before, corpus), "new": _measured(encoder, corpus)}
        self.stdout.write(f"{'':<40}{'in use':<24}{'new':<24}")
        for name, value in figures["in use"].items():
            self.stdout.write(f"{name:<40}{value:<24}{figures['new'][name]:<24}")
        space = lifecycle.space_for(encoder, new)
        Space.objects.filter(pk=space.pk).update(figures=figures["new"])
        Space.objects.filter(fingerprint=before.fingerprint).update(figures=figures["in use"])
        self.stdout.write(
            f"The workers are now filling the space {space.name}. When they are done, activate it"
            f" with: manage.py spaces activate {space.name}"
        )


def _measured(encoder: CodeEncoder, corpus: Corpus) -> dict[str, str]:
    return {name: str(value) for name, value in own_model.figures(encoder, corpus.held_out).items()}


def _folder(out: Path | None) -> Path:
    """The absolute path of the folder for the new checkpoint."""
    named = f"own-{datetime.now():%Y%m%d-%H%M%S}"
    if out is None:
        State(settings.CODEINDEX_HOME).make_folder()
    folder = (out or settings.CODEINDEX_HOME / "models" / named).resolve()
    if (folder / CONFIG).exists():
        raise CommandError(f"{folder} already contains a checkpoint.")
    return folder


def _in_use() -> EncoderSource:
    source = encoders.preferred_source()
    if source.text_only:
        raise CommandError(
            "The encoder in use is a plain language model without fusion, which cannot be trained."
        )
    return source


def _device() -> str:
    return settings.CODEINDEX_DEVICE or ("cuda" if torch.cuda.is_available() else "cpu")
