"""At the bottom: sections of files, quantities and units, paths, technology and device."""

from neurorebit.schema.document import (
    Document,
    InfeasibleError,
    InputError,
    Loc,
    Misfit,
    Section,
    informative,
    join,
    kind_of,
    one_of,
    plain,
    quantity,
    split,
    value_at,
)

__all__ = [
    "Document",
    "InfeasibleError",
    "InputError",
    "Loc",
    "Misfit",
    "Section",
    "informative",
    "join",
    "kind_of",
    "one_of",
    "plain",
    "quantity",
    "split",
    "value_at",
]
