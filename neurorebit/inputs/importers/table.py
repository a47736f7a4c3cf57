"""Files of other tools that are read as networks, by the ends of their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from neurorebit.inputs.importers.document import ImportedDocument, Tree


def _onnx(path: Path, shown: str, sizes: Mapping[str, int]) -> Tree:
    from neurorebit.inputs.importers.onnx_file import import_file

    return import_file(path, shown, sizes).tree


def _layer_table(path: Path, shown: str, sizes: Mapping[str, int]) -> Tree:
    from neurorebit.inputs.importers.layer_table import read_layer_table

    return read_layer_table(path, shown, sizes)


IMPORTERS: dict[str, Callable[[Path, str, Mapping[str, int]], Tree]] = {
    ".onnx": _onnx,
    ".csv": _layer_table,
}


def imported(path: Path, shown: str) -> ImportedDocument | None:
    """The document of a file that another tool wrote; None where it is a network file of ours."""
    read = IMPORTERS.get(path.suffix.lower())
    if read is None:
        return None
    return ImportedDocument(path, shown, lambda sizes: read(path, shown, sizes))


def of_object(source: Any, input: Sequence[int] | None = None) -> ImportedDocument | None:
    """The document of a network in memory: a PyTorch module that gets ``input``, an ONNX model.

    None where it is neither. InputError where it cannot be exported.
    """
    from neurorebit.inputs.importers import torch_module

    if torch_module.is_module(source):
        return of_model(torch_module.exported(source, input), type(source).__name__, "PyTorch")
    if type(source).__name__ == "ModelProto":
        return of_model(source, source.graph.name or "model", "ONNX")
    return None


def of_model(model: Any, name: str, where: str) -> ImportedDocument:
    """The document of an ONNX model in memory, and where it comes from, for a reader."""

    def make(sizes: Mapping[str, int]) -> Tree:
        from neurorebit.inputs.importers.graphs.graph import graph_of
        from neurorebit.inputs.importers.onnx_file import import_graph

        return import_graph(graph_of(model, name), sizes).tree

    return ImportedDocument(Path(name), f"{name} ({where})", make)
