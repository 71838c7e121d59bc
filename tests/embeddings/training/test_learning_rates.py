"""The schedule of the learning rate, and how a resumed run continues it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from embeddings.training.stages.loop import learning_rates, shuffled_batches

EPOCHS, STEPS = 4, 10


class Constant:
    """A stage that is never run."""

    name, rate, trained = "constant", 2e-3, nn.Linear(1, 1)

    def steps(self) -> int:
        return STEPS

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        raise NotImplementedError

    def measure(self) -> dict[str, float]:
        return {}


def rates(optimiser: torch.optim.Optimizer, done: int) -> list[float]:
    schedule, taken = learning_rates(optimiser, Constant(), EPOCHS, done), []
    for _ in range((EPOCHS - done) * STEPS):
        taken.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return taken


def adam() -> torch.optim.Optimizer:
    return torch.optim.Adam(Constant.trained.parameters(), lr=Constant.rate)


def test_the_rate_rises_to_that_of_the_stage_and_falls_to_nothing() -> None:
    taken = rates(adam(), 0)
    highest = int(np.argmax(taken))
    assert taken[highest] == pytest.approx(Constant.rate)
    assert highest == 2
    assert taken[:highest] == sorted(taken[:highest])
    assert taken[highest:] == sorted(taken[highest:], reverse=True)
    assert taken[-1] < 0.01 * Constant.rate


def test_a_resumed_run_continues_the_schedule() -> None:
    whole = rates(adam(), 0)
    for done in range(1, EPOCHS):
        # An optimiser's state holds the last rate of the interrupted run.
        resumed = adam()
        resumed.load_state_dict(
            {**adam().state_dict(), "param_groups": [_group(whole[done * STEPS - 1])]}
        )
        assert rates(resumed, done) == pytest.approx(whole[done * STEPS :])


def _group(rate: float) -> dict[str, object]:
    (group,) = adam().state_dict()["param_groups"]
    return {**group, "lr": rate}


@pytest.mark.parametrize(("count", "sizes"), [(25, [10, 10]), (7, [7]), (10, [10])])
def test_batches_are_full_unless_there_is_only_one(count: int, sizes: list[int]) -> None:
    batches = list(shuffled_batches(np.arange(count), 10, np.random.default_rng(0)))
    assert [len(batch) for batch in batches] == sizes
    assert len(set(np.concatenate(batches).tolist())) == sum(sizes)
