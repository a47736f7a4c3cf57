"""The reader of architecture files: which organisation a file describes, and its numbers."""

from __future__ import annotations

from neurorebit.chips.architecture import AnySpec, HybridSpec, InPlaceSpec
from neurorebit.schema import Document, one_of
from neurorebit.schemes.table import SCHEMES


def read_architecture(document: Document, fitting: bool = True) -> AnySpec:
    """The architecture of a file: hybrid with ``apim`` and ``dpim``, in place with ``arrays``.

    InputError where it is wrong. Whether values fit together is left open where ``fitting`` is not
    asked for.
    """
    tree = document.tree
    in_place = "arrays" in tree and not ("apim" in tree and "dpim" in tree)  # one may be set astray
    spec = document.read(InPlaceSpec) if in_place else document.read(HybridSpec)
    document.look_up(("scheme",), one_of(SCHEMES))
    if fitting:
        document.refuse(spec.misfits())
    return spec
