"""Weights of a network by layer and array: our archive, and the object that it holds."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema import Argument, File, InputError
from neurorebit.schema.json_file import parse_json
from neurorebit.schema.provenance import note, of_file
from neurorebit.weights import tensors
from neurorebit.weights.tensors import HEADER, Tensors

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]
Json = dict[str, Any]

SCHEMA = 1  # of the archive
NUMBERS = ("epochs", "images_seen", "test_accuracy")  # of its training in a header; else texts
LONGEST = 1000  # characters of such a text
LEARNED = ("weight", "bias", "gain", "shift", "mean", "variance")  # arrays that a run starts from


@dataclass(frozen=True, eq=False, repr=False)
class NetworkWeights:
    """The weights of a network's layers.

    ``arrays`` by ``LAYER.ARRAY``, as the table of ``docs/guide/weights.md`` lists them; ``header``
    says what network they are of, how its layers are shaped, and what trained it. Given by another
    tool they have no header yet, and are in the layout of that tool: ``foreign``.
    """

    arrays: Mapping[str, Array]
    header: Json
    _: KW_ONLY
    origin: object = field(default_factory=lambda: Argument("weights_from"))
    foreign: bool = False

    @property
    def layers(self) -> dict[str, dict[str, Array]]:
        """The arrays of each layer, by its name and theirs."""
        found: dict[str, dict[str, Array]] = {}
        for name, array in self.arrays.items():
            layer, _, key = name.rpartition(".")
            found.setdefault(layer, {})[key] = array
        return found

    @property
    def sha256(self) -> str:
        """A digest of all names, shapes and numbers."""
        sha = hashlib.sha256()
        for name in sorted(self.arrays):
            array = np.asarray(self.arrays[name], order="C")
            sha.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            sha.update(array.tobytes())
        return sha.hexdigest()

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each array: its layer, name, shape, type, and least, largest and mean value."""
        import pandas as pd

        names = [name.rpartition(".")[::2] for name in self.arrays]
        arrays = self.arrays.values()
        return pd.DataFrame(
            {
                "layer": [layer for layer, _ in names],
                "array": [key for _, key in names],
                "shape": [array.shape for array in arrays],
                "type": [str(array.dtype) for array in arrays],
                **{
                    word: [float(of(array)) if array.size else None for array in arrays]
                    for word, of in (("least", np.min), ("largest", np.max), ("mean", np.mean))
                },
            }
        )

    def save(self, place: str | Path) -> Path:
        """Write them to a .npz or .safetensors file, whole or not at all; returns the path.

        InputError where that cannot be done.
        """
        path = Path(place)
        texts = {HEADER: json.dumps(self.header)}
        tensors.save(path, Tensors(self.arrays, texts))
        return path

    def __repr__(self) -> str:
        of = self.header.get("network", "a network")
        numbers = sum(array.size for key, array in self.arrays.items() if key.endswith(".weight"))
        count = len({name.rpartition(".")[0] for name in self.arrays})
        return f"weights of {of}: {numbers:,} in {count} layers, {len(self.arrays)} arrays"


def read(path: str | Path) -> NetworkWeights:
    """The weights of a file; InputError where it cannot be read, or is of a later schema."""
    place = Path(path)
    found, where = tensors.load(place), File(str(place))
    note("weights", place.name, place, partial(of_file, place))
    if not found.arrays:
        raise InputError("holds no array", origin=where, cure=tensors.CURE)
    text = found.texts.get(HEADER)
    if text is None:
        return NetworkWeights(found.arrays, {}, origin=where, foreign=True)
    header = parse_json(text, place, "save it again")
    damaged = InputError("its header is damaged", origin=where, cure="save it again")
    if not isinstance(header, dict) or "schema" not in header:
        raise damaged
    schema, trained = header["schema"], header.get("training")
    if schema != SCHEMA:
        message = f"weights of schema {schema}, this version reads schema {SCHEMA}"
        cure = "read them with the version that wrote them"
        raise InputError(message, origin=where, key="schema", value=schema, cure=cure)
    if trained is not None and not _is_record(trained):
        raise damaged
    return NetworkWeights(found.arrays, header, origin=where)


def _is_record(trained: object) -> bool:
    """Whether a header says of a training what ours say: numbers and short texts by their names."""
    if not isinstance(trained, dict):
        return False
    for key, value in trained.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if key in NUMBERS and not (value is None or (number and math.isfinite(value))):
            return False
        if key not in NUMBERS and not (isinstance(value, str) and len(value) <= LONGEST):
            return False
    return True


def given(source: object) -> NetworkWeights:
    """The weights that a caller gives: an object, a path, or a state dict in memory."""
    if isinstance(source, NetworkWeights):
        return source
    if isinstance(source, str | Path):
        return read(source)
    if isinstance(source, Mapping):
        return NetworkWeights(tensors.of_state(source).arrays, {}, foreign=True)
    message = f"expected weights, a path or a state dict, got {type(source).__name__}"
    raise InputError(message, origin=Argument("weights_from"), value=source, cure="give one")
