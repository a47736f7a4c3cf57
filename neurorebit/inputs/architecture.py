"""The reader of architecture files: the sections say which organisation a file describes."""

from __future__ import annotations

import functools
import operator
from typing import Any

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.table import ORGANISATIONS
from neurorebit.schema import Document, one_of
from neurorebit.schemes.table import SCHEMES


def architecture_type() -> Any:
    """What an architecture file may be read into: the spec of one of the organisations."""
    return functools.reduce(operator.or_, (one.spec for one in ORGANISATIONS.values()))


def _known() -> str:
    """The sections that mark the files of each organisation."""
    return ", or ".join(
        f"{' and '.join(one.sections)} ({one.sentence})"
        for one in ORGANISATIONS.values()
        if one.sections
    )


def read_architecture(document: Document, fitting: bool = True) -> ArchitectureSpec:
    """The architecture of a file, of the organisation most of whose sections it has.

    InputError where it is wrong. Whether values fit together is left open where ``fitting`` is not
    asked for.
    """
    organisation = max(ORGANISATIONS.values(), key=lambda one: one.marked(document.tree))
    if not any(section in document.tree for section in organisation.sections):
        raise document.error((), "no section says how the chip is organised", f"add {_known()}")
    spec = document.read(organisation.spec)
    document.look_up(("scheme",), one_of(SCHEMES))
    if fitting:
        document.refuse(spec.misfits())
    return spec
