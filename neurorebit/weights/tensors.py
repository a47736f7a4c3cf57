"""Files of named arrays, whatever they mean: NumPy archives, safetensors, PyTorch's own files.

Nothing in them is trusted: no pickle is run, and every array holds numbers.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema import Argument, File, InputError
from neurorebit.schema.errors import printable
from neurorebit.schema.npz_file import NUMBERS, read_npz

Array = NDArray[Any]

LONGEST = 100 << 20  # bytes of the header of a file of safetensors
HEADER = "neurorebit"  # name of the text that says what an archive of ours holds
CURE = "name an archive that a run saved, or a state dict"


class Tensors(NamedTuple):
    """Arrays by name, and texts beside them by name."""

    arrays: Mapping[str, Array]
    texts: Mapping[str, str]


def load(path: Path) -> Tensors:
    """The arrays of a file, by its suffix; InputError where it cannot be read or holds others."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(READERS)
        message = f"files of weights end in {known}"
        raise InputError(message, origin=File(str(path)), cure=CURE)
    if not path.is_file():
        raise InputError("no such file", origin=File(str(path)), cure=CURE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that read: what is wrong is refused
        found = reader(path)
    return Tensors(_numbers(found.arrays, File(str(path))), found.texts)


def _numbers(arrays: Mapping[str, Any], where: object) -> dict[str, Array]:
    """The same arrays; InputError where one holds no real numbers."""
    found = {}
    for name, given in arrays.items():
        array = np.asarray(given)
        if array.dtype.kind not in NUMBERS:
            message = f"holds {array.dtype}, not numbers"
            raise InputError(message, origin=where, key=name, cure="give arrays of real numbers")
        found[name] = array
    return found


def save(path: Path, tensors: Tensors) -> None:
    """Write a file, whole or not at all; InputError where that cannot be done."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        cure = f"end it in {' or '.join(WRITERS)}"
        message = "the name does not say the format"
        raise InputError(message, origin=Argument("save_weights", path), value=path, cure=cure)
    _refuse_another(path)
    content = writer(tensors)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(scratch, 0o666 & ~_umask())
            os.replace(scratch, path)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
    except OSError as problem:
        message = f"cannot be written: {problem.strerror or problem}"
        origin = Argument("save_weights", path)
        raise InputError(message, origin=origin, value=path, cure="name another file") from None


def check_place(path: Path) -> None:
    """InputError unless a file of weights can be written at a path, before anything is trained."""
    origin = Argument("save_weights", path)
    if path.suffix.lower() not in WRITERS:
        message, cure = "the name does not say the format", f"end it in {' or '.join(WRITERS)}"
        raise InputError(message, origin=origin, value=path, cure=cure)
    if path.suffix.lower() == ".safetensors":
        _safetensors(origin)
    if path.is_dir():
        raise InputError("is a folder", origin=origin, value=path, cure="name a file")
    _refuse_another(path)
    there = next(place for place in path.absolute().parents if os.path.lexists(place))
    if not there.is_dir() or not os.access(there, os.W_OK):
        message = f"nothing can be written in {there}"
        raise InputError(message, origin=origin, value=path, cure="name another file")


def _refuse_another(path: Path) -> None:
    """InputError where a file would be replaced that holds no weights of ours."""
    try:
        ours = not os.path.lexists(path) or HEADER in _texts(path)
    except Exception:  # of another kind, or damaged
        ours = False
    if not ours:
        message = "is there, and holds no weights that a run saved"
        origin = Argument("save_weights", path)
        raise InputError(message, origin=origin, value=path, cure="name another file")


def _texts(path: Path) -> Collection[str]:
    """What the texts of a file of ours are called; any exception where it is of another kind."""
    if path.suffix.lower() == ".npz":
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    with path.open("rb") as file:
        head = file.read(int.from_bytes(file.read(8), "little") % LONGEST)
    texts: dict[str, str] = json.loads(head)["__metadata__"]
    return texts


def _umask() -> int:
    """The mask of files that this process makes."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


# --- NumPy


def _npz(path: Path) -> Tensors:
    arrays = read_npz(path, CURE)
    text = arrays.pop(HEADER, None)
    if text is None:
        return Tensors(arrays, {})
    return Tensors(arrays, {HEADER: text.tobytes().decode("utf-8", "replace")})


def _to_npz(tensors: Tensors) -> bytes:
    texts = {name: np.frombuffer(text.encode(), np.uint8) for name, text in tensors.texts.items()}
    content = io.BytesIO()
    np.savez(content, **texts, **tensors.arrays)  # type: ignore[arg-type]
    return content.getvalue()


# --- safetensors


def _safetensors(origin: object) -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        cure = "install it with: pip install 'neurorebit[safetensors]', or take a .npz"
        raise InputError("safetensors is not installed", origin=origin, cure=cure) from None
    return safetensors


def _read_safetensors(path: Path) -> Tensors:
    where = File(str(path))
    package = _safetensors(where)
    try:
        with package.safe_open(path, framework="numpy") as file:
            texts = file.metadata() or {}
            return Tensors({name: file.get_tensor(name) for name in file.keys()}, texts)  # noqa: SIM118
    except Exception as problem:  # of Rust, of any class
        message = f"not a file of safetensors ({printable(' '.join(str(problem).split()))[:80]})"
        raise InputError(message, origin=where, cure=CURE) from None


def _to_safetensors(tensors: Tensors) -> bytes:
    package = _safetensors(Argument("save_weights"))
    arrays = {name: np.asarray(a, order="C") for name, a in tensors.arrays.items()}
    content: bytes = package.numpy.save(arrays, metadata=dict(tensors.texts))
    return content


# --- PyTorch


def _read_torch(path: Path) -> Tensors:
    """A state dict, or a dictionary that holds one under ``state_dict`` or ``model``."""
    where = File(str(path))
    try:
        import torch
    except ImportError:
        cure = "install torch, or save the state dict as .safetensors or with np.savez"
        raise InputError("torch is not installed", origin=where, cure=cure) from None
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:  # a damaged or foreign file raises nearly anything
        said = printable(" ".join(str(problem).split()))[:80]
        message = f"not a state dict that can be read without running code ({said})"
        cure = "save it with torch.save(model.state_dict(), FILE)"
        raise InputError(message, origin=where, cure=cure) from None
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    return Tensors(_plain(found, where), {})


def _plain(state: Any, where: object) -> dict[str, Array]:
    """The tensors of a state dict as arrays; InputError where it holds other things."""
    if not isinstance(state, Mapping) or not state:
        message = f"holds a {type(state).__name__}, not a state dict"
        cure = "save it with torch.save(model.state_dict(), FILE)"
        raise InputError(message, origin=where, cure=cure)
    found = {}
    for name, tensor in state.items():
        if not hasattr(tensor, "detach"):
            message = f"holds a {type(tensor).__name__}, not a tensor"
            raise InputError(message, origin=where, key=str(name), cure="save a state dict")
        found[str(name)] = _dense(tensor, str(name), where)
    return found


def _dense(value: Any, name: str, where: object) -> Array:
    """A tensor or an array as one of NumPy; InputError where it is none."""
    try:
        if hasattr(value, "detach"):
            value = value.detach().cpu()
            # NumPy may not know halves
            value = (value.float() if value.is_floating_point() else value).numpy()
        return np.asarray(value)
    except Exception as problem:  # sparse, quantized, ragged, without numbers ...
        said = printable(" ".join(str(problem).split()))[:80]
        message = f"is no dense tensor of numbers ({said})"
        cure = "give it dense: tensor.to_dense() or tensor.dequantize()"
        raise InputError(message, origin=where, key=name, cure=cure) from None


def of_state(state: Mapping[str, Any]) -> Tensors:
    """The arrays of a state dict in memory, of tensors or of arrays."""
    where = Argument("weights_from")
    plain = {str(name): _dense(value, str(name), where) for name, value in state.items()}
    return Tensors(_numbers(plain, where), {})


def _read_onnx(path: Path) -> Tensors:
    from neurorebit.weights.onnx_file import read

    return Tensors(read(path), {})


READERS: dict[str, Callable[[Path], Tensors]] = {  # by the suffix of the file
    ".npz": _npz,
    ".safetensors": _read_safetensors,
    ".pt": _read_torch,
    ".pth": _read_torch,
    ".onnx": _read_onnx,
}
WRITERS: dict[str, Callable[[Tensors], bytes]] = {
    ".npz": _to_npz,
    ".safetensors": _to_safetensors,
}
