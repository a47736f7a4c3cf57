"""What a command says while it works: on stderr, as a bar on a terminal and as lines elsewhere.

Progress is a context that is called as the work goes on.
"""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:  # imports NumPy
    from neurorebit.schema.training import Step


def say(line: str) -> None:
    """Write a line to stderr; work goes on where nobody reads it any longer."""
    with contextlib.suppress(OSError):
        shown = line if line.isprintable() else line.encode("unicode_escape").decode("ascii")
        print(shown, file=sys.stderr, flush=True)


def nothing(line: str) -> None:
    """Say nothing, where nothing is to be said."""


def training() -> Bar | Lines:
    """Progress of one training."""
    return Bar() if sys.stderr.isatty() else Lines()


class _Progress:
    """A bar that is drawn when there is something to show."""

    def __init__(self, **form: Any) -> None:
        self._form = form
        self._drawn: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def close(self) -> None:
        """Say no more."""
        if self._drawn is not None:
            self._drawn.close()

    def _draw(self, done: int, todo: int | None, title: str = "", details: str = "") -> None:
        if self._drawn is None:
            from tqdm import tqdm

            self._drawn = tqdm(total=todo, initial=done, file=sys.stderr, **self._form)
        self._drawn.set_description_str(title, refresh=False)
        self._drawn.set_postfix_str(details, refresh=False)
        self._drawn.update(done - self._drawn.n)


class Bar(_Progress):
    """Training progress on a terminal: images/s, loss, time left."""

    def __init__(self) -> None:
        super().__init__(
            dynamic_ncols=True,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} images, "
            "{remaining} left{postfix}",
        )

    def __call__(self, step: Step) -> None:
        details = f"{step.rate:.0f} images/s, loss {step.loss:.3f}"
        self._draw(step.done, step.todo, f"epoch {step.epoch}: ", details)


class Lines(_Progress):
    """Training progress where nobody watches: a line an epoch."""

    def __init__(self) -> None:
        super().__init__()
        self._last: tuple[int, str] | None = None

    def __call__(self, step: Step) -> None:
        if self._last is not None and self._last[0] != step.epoch:
            say(self._last[1])
        line = f"epoch {step.epoch}: {step.done} of {step.todo} images, "
        self._last = (step.epoch, line + f"loss {step.loss:.4f}, {step.rate:.0f} images/s")

    def close(self) -> None:
        if self._last is not None:
            say(self._last[1])


class Designs(_Progress):
    """Progress of a sweep: a bar on a terminal, else nothing."""

    def __init__(self) -> None:
        super().__init__(unit=" designs", unit_scale=True)

    def __call__(self, done: int, todo: int) -> None:
        if sys.stderr.isatty():
            self._draw(done, todo)


class Tests(_Progress):
    """Progress of an evaluation: a bar on a terminal, else a line for each of its steps."""

    def __init__(self) -> None:
        super().__init__(unit=" tests")
        self._last = ""

    def __call__(self, progress: Any) -> None:
        if sys.stderr.isatty():
            self._draw(progress.done, progress.todo, f"{progress.row}: ")
        elif progress.row and progress.row != self._last:
            self._last = progress.row
            say(f"{progress.done} of {progress.todo} tests done; next: {progress.row}")


class Download(_Progress):
    """Progress of a download: a bar on a terminal, else a line every few seconds."""

    def __init__(self, every: float = 10.0) -> None:
        super().__init__(unit="B", unit_scale=True)
        self._every, self._next = every, time.monotonic() + every

    def __call__(self, done: int, todo: int | None) -> None:
        if sys.stderr.isatty():
            self._draw(done, todo)
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every
            say(f"{done / 1e6:.0f} MB" + (f" of {todo / 1e6:.0f} MB" if todo else ""))
