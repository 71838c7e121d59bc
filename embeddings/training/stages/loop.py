"""The training loop: epochs of one stage with a progress bar, a learning rate that rises and falls,
curves in a CSV file, and a state on disk after each epoch. What an epoch draws depends on the seed
and its number alone, so that a run that goes on after a kill ends as an undisturbed one."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

WARM_UP = 0.05
LARGEST_GRADIENT = 1.0
STATE, CURVES = "training.pt", "curves.csv"
# The shares of new weights that are tried where they are mixed with the first ones.
MIXES = (0.25, 0.5, 0.75, 1.0)
SECONDS = "seconds"
Weights = dict[str, Tensor]
T = TypeVar("T")


class Stage(Protocol):
    """A part of the training: what is trained, on which batches, towards what."""

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

    def train(self, stage: Stage, epochs: int) -> None:
        """Trains the stage, from where a stopped run left it if that is wanted."""
        wanted = [weight for weight in stage.trained.parameters() if weight.requires_grad]
        optimiser = torch.optim.Adam(wanted, lr=stage.rate)
        first = self._restore(stage, optimiser)
        for epoch in range(first, epochs):
            torch.manual_seed(self.seed * 1000 + epoch)
            started = time.monotonic()
            losses = self._epoch(stage, optimiser, epoch, epochs)
            took = {SECONDS: time.monotonic() - started}
            stage.trained.eval()
            self.record(stage.name, epoch + 1, {**losses, **stage.measure(), **took})
            self._save(stage, optimiser, epoch + 1)
        stage.trained.eval()

    def train_and_mix(self, stage: Stage, epochs: int, shares: Sequence[float] = MIXES) -> None:
        """Trains the stage, and keeps of its new weights the share of `shares` that finds most on
        the validation split, and of its first ones the rest: what lies between the two is often
        better than either (Wortsman et al. 2022)."""
        first = copied(stage.trained)
        self.train(stage, epochs)
        last = copied(stage.trained)
        figures = {}
        for share in shares:
            _mix(stage.trained, first, last, share)
            figures[share] = stage.measure()
            self.record(f"{stage.name}, {share:.0%} of the new weights", epochs, figures[share])
        best = max(shares, key=lambda share: sum(figures[share].values()))
        _mix(stage.trained, first, last, best)

    def finish(self) -> None:
        """Drops the state of a run that is complete."""
        for path in self.folder.glob(f"*.{STATE}"):
            path.unlink()

    def _epoch(
        self, stage: Stage, optimiser: torch.optim.Optimizer, epoch: int, epochs: int
    ) -> dict[str, float]:
        stage.trained.train()
        random = np.random.default_rng([self.seed, epoch])
        sums: dict[str, float] = {}
        title = f"{stage.name} {epoch + 1}/{epochs}"
        progress = tqdm(stage.losses(random), total=stage.steps(), desc=title, unit="batch")
        for step, losses in enumerate(progress):
            share = (epoch + step / stage.steps()) / epochs
            for group in optimiser.param_groups:
                group["lr"] = stage.rate * _schedule(share)
            _descend(stage.trained, optimiser, torch.stack(list(losses.values())).sum())
            for name, loss in losses.items():
                sums[name] = sums.get(name, 0.0) + loss.item()
            means = {name: total / (step + 1) for name, total in sums.items()}
            progress.set_postfix({name: f"{mean:.3f}" for name, mean in means.items()})
        return means

    def record(self, stage: str, epoch: int, figures: dict[str, float]) -> None:
        """Shows figures and adds them to the curves."""
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
            "trained": copied(stage.trained),
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


def ahead(values: Iterator[T]) -> Iterator[T]:
    """The same values, each made while the one before it is used."""
    with ThreadPoolExecutor(1) as beside:
        upcoming = beside.submit(next, values, None)
        while (value := upcoming.result()) is not None:
            upcoming = beside.submit(next, values, None)
            yield value


def copied(module: nn.Module) -> Weights:
    """The weights of a module that are trained, as they are now."""
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


def _schedule(share: float) -> float:
    """The learning rate's part of its highest, at a share of the training: up, then a cosine."""
    if share < WARM_UP:
        return max(share / WARM_UP, 0.02)
    return 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))
