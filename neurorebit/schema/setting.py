"""A value set over a key of a file."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.schema.errors import Line


@dataclass(frozen=True)
class Setting:
    """A value set over a file: the key with the root it stands under, and the value as YAML text.

    ``origin`` is a label of where it came from, for messages and reports; whoever makes the setting
    supplies it (the command line: the option as it was written). Without one, it is ``key=text``.
    """

    key: str
    text: str
    origin: object = None

    @property
    def label(self) -> object:
        """Where the value came from."""
        return f"{self.key}={self.text}" if self.origin is None else self.origin

    def __str__(self) -> str:
        text = f"{self.key}={self.text}"
        return f"{text} ({self.origin})" if isinstance(self.origin, Line) else str(self.label)
