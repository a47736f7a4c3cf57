"""What is done to inputs: to their bytes, and to what is packed or written in them."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

PIECES = [
    b"\xff", b"\x00", b"\x1b[31m", b"\n", b"\t", b":", b"- ", b"[", b"{", b"*a", b"&a ", b"'", b'"',
    b",", b";", b"-1", b"0", b"1e309", b"nan", b"9" * 400, b"\xe2\x80\xae", b"\xc2\xb2", b"=1+1",
    b"true", b"null", b"../", b"%", b"!!x ", b"\xef\xbb\xbf", b"V", b"m", b"x" * 5000,
]  # fmt: skip
VALUES = [
    b"-1", b"0", b"1e300", b"1e-300", b"nan", b"inf", b"1e400", b"[]", b"{}", b"''", b"null", b"x",
    b"true", b"0.5", b"1000000000", b"99999999999999999999", b"1 V", b"3 mm", b"[1, 2, 3]", b"*a",
    b"{a: 1}", b"\xc2\xb2", b"1,5", b"-0", b"0x10", b"1_000",
]  # fmt: skip


def mutated(raw: bytes, seed: object) -> bytes:
    """The bytes with one to four cuts, copies, foreign pieces, or other values behind a colon."""
    rng = random.Random(str(seed))
    for _ in range(rng.randint(1, 4)):
        lines = raw.split(b"\n")
        if rng.random() < 0.4 and (keys := [i for i, one in enumerate(lines) if b": " in one]):
            i = rng.choice(keys)
            lines[i] = lines[i].partition(b": ")[0] + b": " + rng.choice(VALUES)
            raw = b"\n".join(lines)
            continue
        at = rng.randrange(len(raw) + 1)
        end = min(len(raw), at + rng.choice((0, 1, 5, 40)))
        piece = rng.choice((*PIECES, b"", raw[at:end] * 2))
        raw = raw[:at] + piece + raw[end:]
    return raw


# --- inside of files, whose checksums and lengths stay right

HEADS = [  # of an array of NumPy: what stands there, and what comes in its place
    (b"<f4", b"<i8"), (b"|u1", b"<f8"), (b"|u1", b"|O"), (b"|u1", b"<U3"), (b"<i8", b"<c16"),
    (b"<f4", b"<f2"), (b"(", b"(-"), (b"4", b"99999999999"), (b"(", b""), (b"False", b"True"),
    (b"shape", b"shapes"), (b"'", b'"'), (b"}", b""), (b"3", b"2"), (b",", b", ["),
]  # fmt: skip
NAMES = ["x.npy", "y_val.npy", "layout.npy", "\x1b[31m.npy", "a" * 3000 + ".npy", "../x.npy", ""]
LEAVES: list[Any] = [
    None, True, 0, -1, 2, 1e308, float("nan"), float("inf"), 1 << 70, "", "x", "\x1b[31m",
    "a" * 5000, "=1+1", "\u202e", "\ud800", [], {}, [1], [[1]], {"a": 1}, [None], "../../x", "1 V",
]  # fmt: skip


def in_json(raw: bytes, seed: object) -> bytes:
    """A JSON text with one to three values taken out, doubled, renamed or replaced."""
    rng, tree = random.Random(str(seed)), json.loads(raw)
    for _ in range(rng.randint(1, 3)):
        places = [place for place in _places(tree) if place]
        if not places:
            break
        *way, last = rng.choice(places)
        owner = tree
        for step in way:
            owner = owner[step]
        how = rng.random()
        if how < 0.25:
            del owner[last]
        elif how < 0.4 and isinstance(owner, list):
            owner.append(owner[last])
        elif how < 0.5 and isinstance(owner, dict):
            owner[rng.choice(("zz", "\x1b", ""))] = owner.pop(last)
        else:
            owner[last] = rng.choice(LEAVES)
    return json.dumps(tree).encode()


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _places(value[key], (*way, key))


def in_archive(raw: bytes, seed: object) -> bytes:
    """A zip archive of one whose member is changed, renamed or left out: the checksums are right.

    Of arrays that hold a JSON text, the text is changed.
    """
    rng, out = random.Random(str(seed)), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as given:
        members = {name: given.read(name) for name in given.namelist()}
    chosen = rng.choice(sorted(members))
    with zipfile.ZipFile(out, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as made:
        for name, content in members.items():
            how = rng.random()
            if name == chosen and how < 0.1:
                continue
            if name == chosen:
                content = _member(content, rng)
                name = rng.choice(NAMES) if how > 0.9 else name
            made.writestr(zipfile.ZipInfo(name), content, made.compression)
    return out.getvalue()


def _member(content: bytes, rng: random.Random) -> bytes:
    """A member of an archive, changed."""
    if content[:6] != b"\x93NUMPY":
        return mutated(content, rng.random())
    size = struct.unpack("<H", content[8:10])[0]
    head, body = content[10 : 10 + size], content[10 + size :]
    if body[:1] == b"{" and rng.random() < 0.8:
        body = in_json(body, rng.random())
        head = head.split(b"(")[0] + f"({len(body)},), }}".encode()
    elif rng.random() < 0.6:
        for old, new in rng.choices(HEADS, k=2):
            head = head.replace(old, new, 1)
    else:
        changed = bytearray(body)
        for _ in range(min(8, len(changed))):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        body = bytes(changed[: rng.choice((len(changed), len(changed) // 2))])
    return content[:8] + struct.pack("<H", len(head)) + head + body


def in_safetensors(raw: bytes, seed: object) -> bytes:
    """A file of safetensors with another header, whose length is right."""
    size = struct.unpack("<Q", raw[:8])[0]
    head = in_json(raw[8 : 8 + size], seed)
    return struct.pack("<Q", len(head)) + head + raw[8 + size :]


def in_graph(raw: bytes, seed: object) -> bytes:
    """An ONNX graph with one to four of its messages changed."""
    import onnx

    rng, model = random.Random(str(seed)), onnx.ModelProto.FromString(raw)
    for _ in range(rng.randint(1, 4)):
        owner, name = rng.choice(list(_fields(model)))
        try:
            _change(owner, name, rng)
        except (TypeError, ValueError, IndexError):  # of another type than the draw
            continue
    return bytes(model.SerializeToString())


def _fields(message: Any) -> Iterator[tuple[Any, str]]:
    for one, value in message.ListFields():
        yield message, one.name
        parts = value if hasattr(value, "append") else [value]
        for part in parts if hasattr(next(iter(parts), None), "ListFields") else ():
            yield from _fields(part)


def _change(owner: Any, name: str, rng: random.Random) -> None:
    value = getattr(owner, name)
    numbers = (-1, 0, 1, 7, 1 << 40, (1 << 63) - 1)
    texts = ("", "x", "y", "\x1b[31m", "Gemm", "MatMul", "LSTM", "Resize", "Loop", "a" * 3000)
    if hasattr(value, "append"):
        how = rng.random()
        if how < 0.4:
            del value[rng.randrange(len(value))]
        elif hasattr(value[0], "ListFields"):
            value.add().CopyFrom(rng.choice(list(value)))
        else:
            value[rng.randrange(len(value))] = rng.choice(
                texts if isinstance(value[0], str) else numbers
            )
    elif isinstance(value, str):
        setattr(owner, name, rng.choice(texts))
    elif isinstance(value, bytes):
        setattr(owner, name, rng.choice((b"", value[: len(value) // 2], value * 2)))
    elif hasattr(value, "ListFields"):
        owner.ClearField(name)
    else:
        setattr(owner, name, rng.choice((*numbers, 1e38, float("nan"))))
