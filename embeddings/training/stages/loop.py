"""The training loop: epochs of one stage with a progress bar, a learning rate that rises and falls,
curves in a CSV file, and a state on disk after each epoch. What an epoch draws depends only on the
seed and its number, so that a resumed run ends as an undisturbed one."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from more_itertools import map_reduce, sliced
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm
from transformers import get_cosine_schedule_with_warmup

from embeddings.networks.vocabulary import Ids

# The share of the steps in which the learning rate rises.
WARM_UP = 0.05
LARGEST_GRADIENT = 1.0
STATE, CURVES = "training.pt", "curves.csv"
# The shares of new weights that are tried when they are mixed with the first ones.
MIXES = (0.25, 0.5, 0.75, 1.0)
SECONDS = "seconds"
Weights = dict[str, Tensor]
T = TypeVar("T")


class Stage(Protocol):
    """A part of the training: what is trained, on which batches, for which losses."""

    @property
    def name(self) -> str: ...

    @property
    def trained(self) -> nn.Module: ...

    @property
    def rate(self) -> float:
        """The highest learning rate."""
        ...

    def steps(self) -> int:
        """How many batches an epoch has."""
        ...

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        """The losses of each batch of an epoch, by name; their sum is minimised."""
        ...

    def measure(self) -> dict[str, float]:
        """Figures on the validation split."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """Where a training run keeps its state and curves."""

    folder: Path
    seed: int
    resume: bool

    def train(
        self, stage: Stage, epochs: int, rates: Mapping[nn.Module, float] | None = None
    ) -> None:
        """Trains the stage, from where an interrupted run left it if `resume` is set. `rates` are
        the highest learning rates of modules that have their own."""
        optimiser = torch.optim.Adam(_groups(stage, rates or {}), lr=stage.rate)
        first = self._restore(stage, optimiser)
        schedule = learning_rates(optimiser, stage, epochs, first)
        for epoch in range(first, epochs):
            torch.manual_seed(self.seed * 1000 + epoch)
            started = time.monotonic()
            title = f"{stage.name} {epoch + 1}/{epochs}"
            losses = self._epoch(stage, optimiser, schedule, epoch, title)
            seconds = {SECONDS: time.monotonic() - started}
            stage.trained.eval()
            self.record(stage.name, epoch + 1, {**losses, **stage.measure(), **seconds})
            self._save(stage, optimiser, epoch + 1)
        stage.trained.eval()

    def train_and_mix(
        self,
        stage: Stage,
        epochs: int,
        shares: Sequence[float] = MIXES,
        rates: Mapping[nn.Module, float] | None = None,
    ) -> None:
        """Trains the stage and mixes its new weights with the first ones, in the proportion (one of
        `shares`, of the new weights) that does best on the validation split. What lies between the
        two is often better than either (Wortsman et al. 2022)."""
        first = trainable_weights(stage.trained)
        self.train(stage, epochs, rates)
        last = trainable_weights(stage.trained)
        figures = {}
        for share in shares:
            _mix(stage.trained, first, last, share)
            figures[share] = stage.measure()
            self.record(f"{stage.name}, {share:.0%} of the new weights", epochs, figures[share])
        best = max(shares, key=lambda share: sum(figures[share].values()))
        _mix(stage.trained, first, last, best)

    def finish(self) -> None:
        """Removes the state of a completed run."""
        for path in self.folder.glob(f"*.{STATE}"):
            path.unlink()

    def _epoch(
        self,
        stage: Stage,
        optimiser: torch.optim.Optimizer,
        schedule: LambdaLR,
        epoch: int,
        title: str,
    ) -> dict[str, float]:
        """The mean of each loss."""
        stage.trained.train()
        random = np.random.default_rng([self.seed, epoch])
        sums: dict[str, float] = {}
        means: dict[str, float] = {}
        progress = tqdm(stage.losses(random), total=stage.steps(), desc=title, unit="batch")
        for step, losses in enumerate(progress, start=1):
            _descend(stage.trained, optimiser, torch.stack(list(losses.values())).sum())
            schedule.step()
            for name, loss in losses.items():
                sums[name] = sums.get(name, 0.0) + loss.item()
            means = {name: total / step for name, total in sums.items()}
            progress.set_postfix({name: f"{mean:.3f}" for name, mean in means.items()})
        return means

    def record(self, stage: str, epoch: int, figures: dict[str, float]) -> None:
        """Prints figures and appends them to the curves."""
        tqdm.write(f"{stage} {epoch}: " + ", ".join(f"{k} {v:.3f}" for k, v in figures.items()))
        path = self.folder / CURVES
        fresh = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(["stage", "epoch", "figure", "value"])
            for name, value in figures.items():
                writer.writerow([stage, epoch, name, f"{value:.4f}"])

    def _state(self, stage: Stage) -> Path:
        return self.folder / f"{stage.name}.{STATE}"

    def _save(self, stage: Stage, optimiser: torch.optim.Optimizer, done: int) -> None:
        state = {
            "done": done,
            "trained": trainable_weights(stage.trained),
            "optimiser": optimiser.state_dict(),
        }
        partial = self._state(stage).with_suffix(".partial")
        torch.save(state, partial)
        partial.rename(self._state(stage))

    def _restore(self, stage: Stage, optimiser: torch.optim.Optimizer) -> int:
        path = self._state(stage)
        if not self.resume or not path.exists():
            return 0
        state: dict[str, Any] = torch.load(path, weights_only=True)
        stage.trained.load_state_dict(state["trained"], strict=False)
        optimiser.load_state_dict(state["optimiser"])
        return int(state["done"])


def learning_rates(
    optimiser: torch.optim.Optimizer, stage: Stage, epochs: int, done: int = 0
) -> LambdaLR:
    """The schedule of a stage's learning rates after `done` epochs: linearly up to the highest,
    then down along a cosine. It needs no state of its own on disk."""
    for group in optimiser.param_groups:
        group.setdefault("initial_lr", stage.rate)
    steps = epochs * stage.steps()
    schedule: LambdaLR = get_cosine_schedule_with_warmup(
        optimiser, round(WARM_UP * steps), steps, last_epoch=done * stage.steps() - 1
    )
    return schedule


def _groups(stage: Stage, rates: Mapping[nn.Module, float]) -> list[dict[str, Any]]:
    """The trained weights by their learning rates."""
    weights = {weight: stage.rate for weight in stage.trained.parameters() if weight.requires_grad}
    for module, rate in rates.items():
        weights |= {weight: rate for weight in module.parameters() if weight.requires_grad}
    by_rate = map_reduce(weights, keyfunc=weights.__getitem__)
    return [
        {"params": own, "lr": rate, "initial_lr": rate} for rate, own in sorted(by_rate.items())
    ]


def batch_count(rows: Ids, size: int) -> int:
    """How many batches `shuffled_batches` makes of the rows."""
    return max(1, len(rows) // size)


def shuffled_batches(rows: Ids, size: int, random: np.random.Generator) -> Iterator[Ids]:
    """The rows in a random order, in full batches; fewer rows than `size` are one batch."""
    return islice(sliced(random.permutation(rows), size), batch_count(rows, size))


def prefetched(values: Iterator[T]) -> Iterator[T]:
    """The same values, each computed in a thread while the one before it is used."""
    with ThreadPoolExecutor(1) as thread:
        upcoming = thread.submit(next, values, None)
        while (value := upcoming.result()) is not None:
            upcoming = thread.submit(next, values, None)
            yield value


def trainable_weights(module: nn.Module) -> Weights:
    """A copy of the weights of a module that are trained."""
    return {
        name: weights.detach().clone()
        for name, weights in module.named_parameters()
        if weights.requires_grad
    }


@torch.no_grad()
def _mix(module: nn.Module, first: Weights, last: Weights, share: float) -> None:
    for name, weights in module.named_parameters():
        if name in first:
            weights.copy_(first[name].lerp(last[name], share))


def _descend(trained: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(trained.parameters(), LARGEST_GRADIENT)
    optimiser.step()
