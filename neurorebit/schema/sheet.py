"""CSV files as people and spreadsheets write them, with the line of each row.

Read where the meaning is plain: a byte order mark, UTF-16 as spreadsheets save it, semicolons or
tabs between columns, decimal commas where the columns are not separated by commas, blank lines,
empty columns at the right. Everything else is an InputError at ``file:line: column``.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from neurorebit.schema.errors import File, InputError, Line, printable

LARGEST = 256 << 20  # bytes of a file
SEPARATORS = (";", "\t")  # read besides the comma
DECIMAL_COMMA = re.compile(r"([-+]?\d+),(\d+(?:[eE][-+]?\d+)?(?:\s*[^\W\d].*)?)")
DECIMAL_POINT = re.compile(r"[-+]?\d+\.\d+(?:[eE][-+]?\d+)?(?:\s*[^\W\d].*)?")
BOTH_MARKS = re.compile(r"[-+]?\d{1,3}(?:[.,]\d{3})*[.,]\d+(?:\s*[^\W\d].*)?")
SHOWN = 40  # characters of a value in an error


@dataclass(frozen=True)
class Row:
    """The values of one row, one for each column, and the number of its line from 1."""

    line: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A CSV file: the names in its first line, their line, and the rows below them.

    ``raw`` is the content of the file.
    """

    file: str
    heads: tuple[str, ...]
    line: int
    rows: tuple[Row, ...]
    _: KW_ONLY
    raw: bytes

    def error(
        self, message: str, cure: str = "", *, line: int | None = None, column: str = ""
    ) -> InputError:
        """An InputError of the file, or of a line and a column of it."""
        origin = File(self.file) if line is None else Line(self.file, line)
        return InputError(message, origin=origin, key=column, cure=cure)


def read_sheet(
    path: Path,
    taken: Collection[str] | None = None,
    check: Callable[[Sheet], None] = lambda sheet: None,
) -> Sheet:
    """The sheet in a file, its values without blanks around them.

    InputError where it cannot be read, has no line of names, a row has too few values or too many,
    or a value of the columns ``taken`` (all) holds a control character. ``check`` gets the sheet
    without its rows and raises what is wrong with the names.
    """
    text, raw = _text(path)
    sheet = Sheet(str(path), (), 1, (), raw=raw)
    separator, skipped = _separator(text)
    lines = _lines(sheet, text, separator)
    first = next((row for row in lines if row.line > skipped), None)
    if first is None:
        raise sheet.error("is empty", "put a name at the head of each column in its first line")
    body = list(lines)
    heads = list(first.values)
    while heads and not heads[-1] and not any(_at(row, len(heads) - 1) for row in body):
        heads.pop()
    if "" in heads:
        unnamed = heads.index("") + 1
        cure = "name the column, or remove it"
        raise sheet.error(f"column {unnamed} has no name", cure, line=first.line)
    sheet = Sheet(str(path), tuple(heads), first.line, (), raw=raw)
    check(sheet)
    rows = [_row(sheet, row, separator) for row in body]
    for row in rows:
        for column, value in zip(heads, row.values, strict=True):
            if not value.isprintable() and (taken is None or column in taken):
                wrong = f"holds a control character: '{printable(value)[:SHOWN]}'"
                raise sheet.error(wrong, "remove it", line=row.line, column=column)
    whole = Sheet(sheet.file, sheet.heads, sheet.line, tuple(rows), raw=raw)
    return whole if separator == "," else _with_points(whole)


def _text(path: Path) -> tuple[str, bytes]:
    """The text of a file, and its bytes."""

    def refuse(message: str, cure: str, line: int | None = None) -> InputError:
        origin = File(str(path)) if line is None else Line(str(path), line)
        return InputError(message, origin=origin, cure=cure)

    try:
        size = path.stat().st_size
        if size > LARGEST:
            wrong = f"has {size >> 20:,} MiB, more than the {LARGEST >> 20} MiB that are read"
            raise refuse(wrong, "split the file")
        raw = path.read_bytes()
    except OSError as problem:
        raise refuse(f"cannot be read: {problem.strerror}", "name a CSV file") from None
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as problem:
        line = None if wide else raw.count(b"\n", 0, problem.start) + 1
        wrong = "cannot be read: not a UTF-8 text file"
        raise refuse(wrong, "save it as CSV in UTF-8", line) from None
    return text, raw


def _separator(text: str) -> tuple[str, int]:
    """What separates the columns, and the lines above the names: ``sep=;`` or none."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    given = re.fullmatch(r'"?sep=(.)"?\s*', head)
    if given:
        return given[1], 1
    bare = re.sub(r'"[^"]*"', "", head)
    present = [sign for sign in SEPARATORS if sign in bare]
    return (present[0] if len(present) == 1 and "," not in bare else ","), 0


def _lines(sheet: Sheet, text: str, separator: str) -> Iterator[Row]:
    """The rows that are not blank, the names among them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    line = 1
    try:
        for values in reader:
            if any("\n" in value or "\r" in value for value in values):
                wrong = "a quoted value goes on after the end of the line"
                raise sheet.error(wrong, "close the quote", line=line)
            if any(value.strip() for value in values):
                yield Row(line, tuple(value.strip() for value in values))
            line = reader.line_num + 1
    except csv.Error as problem:
        cure = "look for a quote that is not closed"
        raise sheet.error(f"not valid CSV: {problem}", cure, line=line) from None


def _at(row: Row, column: int) -> str:
    return row.values[column] if column < len(row.values) else ""


def _row(sheet: Sheet, row: Row, separator: str) -> Row:
    """A row with a value for each name; empty values beyond the last name are dropped."""
    width = len(sheet.heads)
    if len(row.values) < width or any(row.values[width:]):
        got = len(row.values)
        wrong = f"expected {width} values, one for each column, got {got}"
        cure = "complete the line, or drop it"
        if got > width:
            cure = "remove what is too much"
            if separator == ",":
                cure = (
                    "write numbers with a decimal point, and put values that hold a comma in quotes"
                )
        column = sheet.heads[got] if got < width else ""
        raise sheet.error(wrong, cure, line=row.line, column=column)
    return Row(row.line, row.values[:width])


def _with_points(sheet: Sheet) -> Sheet:
    """The sheet with decimal points for decimal commas; InputError where a file has both."""
    decimal = ""
    rows = []
    for row in sheet.rows:
        values = []
        for column, value in zip(sheet.heads, row.values, strict=True):
            mark = _decimal(value)
            if (mark and decimal and mark != decimal) or mark == "both":
                shown = value[:SHOWN]
                wrong = f"'{shown}' does not say which of ',' and '.' is the decimal point"
                cure = "write all numbers with a decimal point and without marks of thousands"
                raise sheet.error(wrong, cure, line=row.line, column=column)
            decimal = mark or decimal
            values.append(DECIMAL_COMMA.sub(r"\1.\2", value) if mark == "," else value)
        rows.append(Row(row.line, tuple(values)))
    return Sheet(sheet.file, sheet.heads, sheet.line, tuple(rows), raw=sheet.raw)


def _decimal(value: str) -> str:
    """Which of comma and point a number has, "both", or nothing."""
    if DECIMAL_COMMA.fullmatch(value):
        return ","
    if DECIMAL_POINT.fullmatch(value):
        return "."
    return "both" if "," in value and "." in value and BOTH_MARKS.fullmatch(value) else ""


def cell(value: object) -> object:
    """A value as a spreadsheet takes it for text: a text that would be a formula gets a quote."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    if text[:1] not in ("=", "+", "-", "@"):
        return text
    return text if _is_number(text) else f"'{text}"


def cells(values: Sequence[object]) -> list[object]:
    """A row of a CSV file that is written; see ``cell``."""
    return [cell(value) for value in values]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
