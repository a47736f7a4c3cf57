"""At the bottom: sections of files, quantities and units, paths, technology and device."""

from neurorebit.schema.document import (
    Document,
    Loc,
    Misfit,
    Section,
    informative,
    join,
    plain,
    split,
    value_at,
)
from neurorebit.schema.errors import (
    Argument,
    File,
    ImpossibleError,
    InfeasibleError,
    InputError,
    Line,
)
from neurorebit.schema.fields import kind_of, one_of, quantity
from neurorebit.schema.setting import Setting

__all__ = [
    "Argument",
    "Document",
    "File",
    "ImpossibleError",
    "InfeasibleError",
    "InputError",
    "Line",
    "Loc",
    "Misfit",
    "Section",
    "Setting",
    "informative",
    "join",
    "kind_of",
    "one_of",
    "plain",
    "quantity",
    "split",
    "value_at",
]
