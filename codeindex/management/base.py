"""The base of all commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO, cast

from django.core.management import BaseCommand
from django.core.management.base import OutputWrapper

from codeindex.client.terminal import harmless


class Output(OutputWrapper):
    def write(  # type: ignore[override]
        self,
        msg: str = "",
        style_func: Callable[[str], str] | None = None,
        ending: str | None = None,
    ) -> None:
        super().write(harmless(msg), style_func, ending)


class Command(BaseCommand):
    """A command whose output and errors hold no terminal control sequences."""

    @property
    def stdout(self) -> Output:
        return self._stdout

    @stdout.setter
    def stdout(self, stream: OutputWrapper) -> None:
        self._stdout = _without_control_characters(stream)

    @property
    def stderr(self) -> Output:
        return self._stderr

    @stderr.setter
    def stderr(self, stream: OutputWrapper) -> None:
        self._stderr = _without_control_characters(stream)


def _without_control_characters(stream: OutputWrapper) -> Output:
    return Output(cast(TextIO, stream._out))
