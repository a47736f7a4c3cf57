"""What a caller can get wrong, as exceptions whose parts a program can read.

A message reads ``origin: key: what is wrong; cure``. Where it refers to an argument of a
function it holds an ``Argument``, so that whoever shows the message chooses how arguments are
written: Python names them, the command line has options.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Argument:
    """An argument of a public function, as a message refers to it: by name, and value if any."""

    name: str
    value: object = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name} {self.value}"


@dataclass(frozen=True)
class Line:
    """A line of a file, counted from 1."""

    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


@dataclass(frozen=True)
class File:
    """A whole file, where no line of it is meant."""

    file: str

    def __str__(self) -> str:
        return self.file


SHORT, LONG = 300, 900  # characters of a place and of a sentence in a message
Words = object  # text, or a tuple of parts of a text: texts, arguments, labels
Spell = Callable[[Argument], str]


def printable(text: str) -> str:
    """The text in one line: line breaks and tabs as blanks, what does not print as its escape."""
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable()
        else " "
        if char.isspace()
        else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def shortened(text: str, most: int) -> str:
    """At most about ``most`` characters of a text: its begin and its end."""
    if len(text) <= most:
        return text
    return f"{text[: most * 2 // 3]}...{text[-(most // 3) :]}"


def _line(words: Words, spell: Spell, most: int = LONG) -> str:
    """Words as part of one line that a terminal can show."""
    return printable(" ".join(shortened(written(words, spell), most).splitlines()))


def written(words: Words, spell: Spell = str) -> str:
    """Words as text, each argument in them as ``spell`` writes it."""
    if isinstance(words, tuple):
        return "".join(written(part, spell) for part in words)
    return spell(words) if isinstance(words, Argument) else str(words)


class InputError(ValueError):
    """A file, a value or an argument is wrong; ``str`` of it is one line for the reader.

    ``origin``: where the value came from: a ``Line`` or a ``File``, an ``Argument``, or the label
    of a ``Setting``. ``key``: the path of the key there. ``value``: what was given. ``cure``: what
    to do about it. Each is None or empty where there is none.
    """

    def __init__(
        self,
        message: Words,
        *,
        origin: Words | None = None,
        key: str = "",
        value: object = None,
        cure: Words = "",
    ) -> None:
        super().__init__(written(message))
        self.message = message
        self.origin = origin
        self.key = key
        self.value = value
        self.cure = cure

    @property
    def file(self) -> str | None:
        """The file that is wrong, as it was named."""
        place = self._place
        return place.file if isinstance(place, Line | File) else None

    @property
    def line(self) -> int | None:
        """The line of the file, from 1."""
        place = self._place
        return place.number if isinstance(place, Line) else None

    @property
    def _place(self) -> object:
        """The origin, or the first part of one that has several."""
        return self.origin[0] if isinstance(self.origin, tuple) and self.origin else self.origin

    @property
    def argument(self) -> str | None:
        """The name of the argument that is wrong."""
        return self.origin.name if isinstance(self.origin, Argument) else None

    def text(self, spell: Spell = str) -> str:
        """The error in one line; ``spell`` writes the arguments that it refers to."""
        parts = (
            *(_line(part, spell, SHORT) for part in (self.origin, self.key) if part is not None),
            _line(self.message, spell),
        )
        text, cure = ": ".join(part for part in parts if part), _line(self.cure, spell)
        return f"{text}; {cure}" if cure else text

    def __str__(self) -> str:
        return self.text()

    def seen_from(self, origin: Words, key: str = "") -> InputError:
        """The same error as a part of another thing: its own origin goes into the message."""
        parts = [part for part in (self.origin, self.key, self.message) if part not in (None, "")]
        message = tuple(word for part in parts for word in (part, ": "))[:-1]
        return type(self)(message, origin=origin, key=key, value=self.value, cure=self.cure)


class ImpossibleError(InputError):
    """A value that can be read, but that nothing can have: it is out of its bounds, or does not fit
    other values. All other InputErrors are mistakes: a key or a name that does not exist, a text
    that is no number, a unit that is missing.
    """


class InfeasibleError(ValueError):
    """A chip cannot exist; ``str`` of it is one line for the reader.

    ``part``: the path of the part that cannot be built, ``quantity``: which of its amounts is
    undefined ("area", "energy" ...). ``cure``: what may help.
    """

    def __init__(
        self, message: Words, *, part: str = "", quantity: str = "", cure: Words = ""
    ) -> None:
        super().__init__(written(message))
        self.message = message
        self.part = part
        self.quantity = quantity
        self.cure = cure

    def text(self, spell: Spell = str) -> str:
        """The error in one line; ``spell`` writes the arguments that it refers to."""
        text, cure = _line(self.message, spell), _line(self.cure, spell)
        return f"{text}; {cure}" if cure else text

    def __str__(self) -> str:
        return self.text()
