"""Downloads a data set: resumes, checks and unpacks it; its folder appears whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from neurorebit.data.dataset import Archive
from neurorebit.data.table import DATASETS
from neurorebit.schema import InputError
from neurorebit.schema.paths import cache_dir

Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all if known
CHUNK = 1 << 18
FULL = (errno.ENOSPC, errno.EDQUOT)
TIMEOUT = 30.0  # [s] without a byte
LARGEST = 1 << 30  # bytes of a file


def archives() -> dict[str, Archive]:
    """The data sets that can be downloaded."""
    return {name: images.archive for name, images in DATASETS.items() if images.archive}


def fetch(
    name: str,
    target: str | Path | None = None,
    progress: Progress = lambda done, total: None,
    known: Mapping[str, Archive] | None = None,
) -> Path:
    """Put a data set under ``target`` (the user's cache) and return its folder.

    Files put there by hand are used, a partial download is resumed. ``known``: the archives to
    choose from (those of the table). InputError says what is in the way and what to do.
    """
    choices = archives() if known is None else known
    if name not in choices:
        raise InputError(f"{name}: no such data set; choose from {', '.join(choices)}")
    archive, place = choices[name], Path(target) if target is not None else cache_dir()
    folder = place / archive.folder
    if folder.exists():
        if _complete(folder, archive):
            return folder
        raise InputError(f"{folder}: holds other files than the archive's; move it away first")
    # files of one name in several data sets do not meet
    packed = place if archive.tar else place / f"{archive.folder}.partial"
    try:
        packed.mkdir(mode=0o700, parents=True, exist_ok=True)
        by_hand = {file: (packed / file).exists() for file in archive.packed}
        for file in archive.packed:
            if not by_hand[file]:
                _download(archive, file, packed / file, progress)
            elif not _is(packed / file, archive.packed[file]):
                raise InputError(
                    f"{packed / file}: not the file at {archive.mirrors[0]}{file} "
                    f"({_kind(archive.packed[file])} differs); remove it"
                )
        if not archive.tar:
            os.replace(packed, folder)
            return folder
        for file in archive.packed:
            _unpack(archive, packed / file, folder)
            if not by_hand[file]:
                (packed / file).unlink()
    except OSError as problem:
        where = problem.filename or place
        raise InputError(f"{where}: {problem.strerror or problem}; give another folder") from None
    return folder


def _complete(folder: Path, archive: Archive) -> bool:
    for name, digest in archive.files.items():
        path = folder / name
        if not path.is_file():
            return False
        if digest is not None and not _is(path, digest):
            return False
    return True


def _kind(digest: str) -> str:
    """Which digest it is, by its length."""
    return {32: "MD5", 64: "SHA-256"}[len(digest)]


def _is(path: Path, digest: str) -> bool:
    """Whether a file has an MD5 or a SHA-256."""
    kind = {"MD5": "md5", "SHA-256": "sha256"}[_kind(digest)]
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, kind).hexdigest() == digest


def _download(archive: Archive, file: str, packed: Path, progress: Progress) -> None:
    """Download from the first mirror that has the published file.

    What one mirror sent before it broke off is gone on with at the next. InputError that says of
    each what happened.
    """
    failed = []
    for mirror in archive.mirrors:
        try:
            _from(f"{mirror}{file}", archive.packed[file], packed, progress)
        except _Failure as failure:
            failed.append(failure)
        else:
            return
    messages = "; ".join(f"{failure}" for failure in failed)
    if failed[-1].other:
        raise InputError(f"{messages}; run this again")
    raise InputError(
        f"{messages}; run this again to go on, or put {packed.name} into {packed.parent} by hand "
        "and run this again"
    )


class _Failure(Exception):
    """Why a mirror did not send the file; ``other``: it sent another one."""

    def __init__(self, message: str, other: bool = False) -> None:
        super().__init__(message)
        self.other = other


def _from(url: str, digest: str, packed: Path, progress: Progress) -> None:
    """Download to a partial file, check it, and only then give it its name."""
    partial = packed.with_name(f"{packed.name}.partial")
    if partial.is_symlink():
        partial.unlink()  # not followed
    resumed = partial.exists() and partial.stat().st_size > 0
    try:
        _receive(url, partial, progress)
    except urllib.error.HTTPError as problem:
        problem.close()
        if not (resumed and problem.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE):
            raise _Failure(f"{url}: HTTP {problem.code} {problem.reason}") from None
        # nothing is left to ask for: the partial file is whole, or it is not this file
    except (urllib.error.URLError, http.client.HTTPException, OSError) as problem:
        if getattr(problem, "filename", None) or getattr(problem, "errno", None) in FULL:
            raise  # the disk's, not the network's
        reason = getattr(problem, "reason", None) or problem
        said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise _Failure(f"{url}: {said}") from None
    if not _is(partial, digest):
        partial.unlink()
        message = f"{url}: what came is not the published file ({_kind(digest)} differs)"
        raise _Failure(message, other=True)
    os.replace(partial, packed)


def _receive(url: str, partial: Path, progress: Progress) -> None:
    """Append to the partial file what it lacks; start over where the server sends everything."""
    done = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url)
    if done:
        request.add_header("Range", f"bytes={done}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        if response.status != http.client.PARTIAL_CONTENT:
            done = 0
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
            raise http.client.HTTPException("the server sent another part than asked for")
        length = response.headers.get("Content-Length")
        total = done + int(length) if length is not None else None
        with partial.open("ab" if done else "wb") as stream:
            progress(done, total)
            while chunk := response.read(CHUNK):
                done += len(chunk)
                if done > LARGEST:
                    raise http.client.HTTPException("it sends more than any data set has")
                stream.write(chunk)
                progress(done, total)
    if total is not None and done < total:
        raise http.client.HTTPException(f"the connection ended after {done} of {total} bytes")


def _unpack(archive: Archive, packed: Path, folder: Path) -> None:
    """Copy the wanted files, and only regular ones, to a folder that appears when it is whole."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpacking-") as scratch:
        whole = Path(scratch) / archive.folder
        whole.mkdir()
        try:
            with tarfile.open(packed, "r:*") as tar:
                for name in archive.files:
                    member = tar.extractfile(f"{archive.folder}/{name}")
                    if member is None:
                        raise KeyError(name)
                    with member, (whole / name).open("wb") as stream:
                        shutil.copyfileobj(member, stream)
        except (KeyError, tarfile.TarError, EOFError, zlib.error) as problem:
            raise InputError(f"{packed}: cannot be unpacked ({problem}); remove it") from None
        os.replace(whole, folder)
