"""The section ``training`` as files have it: keys that schemes add, data sets of the table."""

from __future__ import annotations

from dataclasses import make_dataclass
from functools import cache
from typing import Annotated, Any

from pydantic_core import PydanticCustomError, core_schema

from neurorebit.data.table import DATASETS, FORMATS, installed, is_path
from neurorebit.schema import Section, one_of
from neurorebit.schema.training import Training
from neurorebit.schemes.table import SCHEMES


class Data:
    """Field metadata: a word of the table of data sets, or a path, known by its form."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Tell pydantic to check a field with ``read``."""
        return core_schema.no_info_plain_validator_function(self.read)

    def read(self, text: object) -> str | None:
        """The word or the path; PydanticCustomError names the words that are known."""
        if text is None or is_path(str(text)):
            return None if text is None else str(text)
        try:
            return one_of(DATASETS).read(text)
        except PydanticCustomError as problem:
            paths = [f"'{form.written}'" for form in FORMATS.values()]
            words = ", ".join([str((problem.context or {})["expected"]), *paths])
            about = {"expected": words, "tag": str(text)}
            raise PydanticCustomError("choice", "expected one of {expected}", about) from None


def training_section() -> type[Training]:
    """The class that the section ``training`` of a network file is read as."""
    keys = dict.fromkeys(s.keys for s in SCHEMES.values() if s.keys is not None)
    return _section(tuple(keys), installed())


@cache
def _section(keys: tuple[type[Section], ...], fallbacks: tuple[str, ...]) -> type[Training]:
    """``keys`` are sections whose fields it has too; ``fallbacks`` may stand in for a data set."""
    words = [
        ("dataset", Annotated[str | None, Data()], Training.dataset),
        ("fallback", Annotated[str, one_of(dict.fromkeys(fallbacks))] | None, Training.fallback),
    ]
    return make_dataclass("Training", words, bases=(*keys, Training), frozen=True, kw_only=True)
