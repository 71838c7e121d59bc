"""`manage.py train --from-index`: a model of one's own, from what is indexed."""

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
        "Train fusion, query side and labels on docstrings and names of what is indexed, compare"
        " the new model with the one in use, and have a space filled for it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from-index", action="store_true", required=True)
        parser.add_argument(
            "--repository", nargs="+", default=[], metavar="NAME", help="only these (or owner/name)"
        )
        parser.add_argument(
            "--out", type=Path, metavar="FOLDER", help="of the checkpoint; named by the time"
        )
        parser.add_argument("--fusion-epochs", type=int, default=DEFAULT.fusion_epochs)
        parser.add_argument("--label-epochs", type=int, default=DEFAULT.label_epochs)
        parser.add_argument("--seed", type=int, default=DEFAULT.seed)
        parser.add_argument("--resume", action="store_true", help="go on where a run was stopped")

    def handle(self, *, repository: list[str], out: Path | None, **options: Any) -> None:
        plan = Adaptation(options["fusion_epochs"], options["label_epochs"], options["seed"])
        try:
            with existing_index():
                out = _folder(out)
                source = _in_use()
                corpus = own_model.corpus_of(repositories_called(repository), out / "training")
                self._tell(corpus)
                own_model.train(
                    corpus, source.checkpoint, out, _device(), plan, resume=options["resume"]
                )
                self._conclude(source, EncoderSource(str(out)), corpus)
        except (TooLittle, EncoderUnavailable, OSError) as error:
            raise CommandError(str(error)) from error

    def _tell(self, corpus: Corpus) -> None:
        measured = sum(bool(function.query) for function in corpus.held_out)
        self.stdout.write(
            f"{len(corpus.functions):,} functions, {corpus.described:,} of them described. To"
            f" measure with, {measured:,} described ones are kept back, in whole"
            f" {corpus.divided_by}."
        )
        if corpus.divided_by == "folders":
            self.stdout.write(
                "There are too few repositories to keep whole ones back: the figures are of code"
                " whose repository the model has seen."
            )

    def _conclude(self, old: EncoderSource, new: EncoderSource, corpus: Corpus) -> None:
        """Measures both, and makes the space of the new one."""
        before, encoder = encoders.load(old), encoders.load(new)
        figures = {"in use": _measured(before, corpus), "new": _measured(encoder, corpus)}
        self.stdout.write(f"{'':<40}{'in use':<24}{'new':<24}")
        for name, value in figures["in use"].items():
            self.stdout.write(f"{name:<40}{value:<24}{figures['new'][name]:<24}")
        space = lifecycle.space_for(encoder, new)
        Space.objects.filter(pk=space.pk).update(figures=figures["new"])
        Space.objects.filter(fingerprint=before.fingerprint).update(figures=figures["in use"])
        self.stdout.write(
            f"The workers fill the space {space.name} now. Once they are done, this searches by it:"
            f" manage.py spaces activate {space.name}"
        )


def _measured(encoder: CodeEncoder, corpus: Corpus) -> dict[str, str]:
    return {name: str(one) for name, one in own_model.figures(encoder, corpus.held_out).items()}


def _folder(out: Path | None) -> Path:
    """Where the checkpoint is written: a new one, by its whole path."""
    named = f"own-{datetime.now():%Y%m%d-%H%M%S}"
    if out is None:
        State(settings.CODEINDEX_HOME).make_folder()
    folder = (out or settings.CODEINDEX_HOME / "models" / named).resolve()
    if (folder / CONFIG).exists():
        raise CommandError(f"There is a checkpoint in {folder} already.")
    return folder


def _in_use() -> EncoderSource:
    source = encoders.preferred_source()
    if source.text_only:
        raise CommandError("The encoder in use is a language model alone: it has no fusion.")
    return source


def _device() -> str:
    return settings.CODEINDEX_DEVICE or ("cuda" if torch.cuda.is_available() else "cpu")
