"""Progress of the public functions: bars in a notebook and on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self

from neurorebit.schema.training import Step


class Bar:
    """A bar that is drawn at the first step; ``shown`` False draws none."""

    def __init__(self, shown: bool, unit: str) -> None:
        self._shown, self._unit = shown, unit
        self._drawn: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawn is not None:
            self._drawn.close()

    def _step(self, done: int, todo: int, title: str = "", details: str = "") -> None:
        if not self._shown:
            return
        if self._drawn is None:
            from tqdm.auto import tqdm

            notebook = any(base.__module__ == "tqdm.notebook" for base in tqdm.__mro__)
            self._drawn = tqdm(
                total=todo,
                initial=done,
                unit=f" {self._unit}",
                dynamic_ncols=True,
                disable=False if notebook else None,  # None: where no terminal reads it
            )
        self._drawn.set_description_str(title, refresh=False)
        self._drawn.set_postfix_str(details, refresh=False)
        self._drawn.update(done - self._drawn.n)


class Designs(Bar):
    """Progress of a sweep."""

    def __init__(self, shown: bool) -> None:
        super().__init__(shown, "designs")

    def __call__(self, done: int, todo: int) -> None:
        """Show the designs done, of those to do."""
        self._step(done, todo)


class Draws(Bar):
    """Progress of an evaluation."""

    def __init__(self, shown: bool) -> None:
        super().__init__(shown, "tests")

    def say(self, line: str) -> None:
        """Show a line above the bar, where a bar would be seen."""
        _say(self._shown, line)

    def __call__(self, progress: Any) -> None:
        """Show the tests done, of those to do, and the step in progress."""
        self._step(progress.done, progress.todo, f"{progress.row}: ")


class Images(Bar):
    """Progress of a training."""

    def __init__(self, shown: bool) -> None:
        super().__init__(shown, "images")

    def say(self, line: str) -> None:
        """Show a line above the bar, where a bar would be seen."""
        _say(self._shown, line)

    def __call__(self, step: Step) -> None:
        """Show the epoch, the images done and to do, and the epoch's mean loss."""
        self._step(step.done, step.todo, f"epoch {step.epoch}: ", f"loss {step.loss:.3f}")


def _say(shown: bool, line: str) -> None:
    if shown and (sys.stderr.isatty() or "ipykernel" in sys.modules):
        from tqdm.auto import tqdm

        tqdm.write(line, file=sys.stderr)
