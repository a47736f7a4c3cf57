"""The store of runs under kills, other processes, full and unwritable disks, damage and no locks.

What is held: a record that was acknowledged is there and whole, whatever happened since; a store is
never half of anything; and a run ends with the exit code that it has without a store.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from neurorebit.schema import InputError
from neurorebit.store import file, forget, rows, select
from validation.faults import drill, writer
from validation.faults.drill import Found

UNLOCKED = """
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>
static int denied(int fd, int command, void *argument) {
    if (command == F_SETLK || command == F_SETLKW || command == F_GETLK) {
        errno = ENOLCK;
        return -1;
    }
    return syscall(SYS_fcntl, fd, command, argument);
}
int fcntl(int fd, int command, ...) {
    va_list given;
    va_start(given, command);
    void *argument = va_arg(given, void *);
    va_end(given);
    return denied(fd, command, argument);
}
int fcntl64(int fd, int command, ...) {
    va_list given;
    va_start(given, command);
    void *argument = va_arg(given, void *);
    va_end(given);
    return denied(fd, command, argument);
}
"""


def run(count: int, seed: int) -> Found:
    """All drills; ``count`` commands are killed, and four times as many writers."""
    found, rng = Found(), random.Random(seed)
    each: dict[str, Callable[[Path, int, random.Random, Found], str]] = {
        "killed commands": _killed_commands,
        "killed writers": _killed_writers,
        "processes at once": _at_once,
        "full disk": _full,
        "unwritable": _unwritable,
        "damaged": _damaged,
        "no locks": _without_locks,
    }
    for name, one in each.items():
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "small.yaml").write_text(drill.NET, encoding="utf-8")
            found.counts[name] = one(folder, count, rng, found)
    return found


# --- kills


def _killed_commands(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    store = folder / "runs.sqlite"
    begin = time.monotonic()
    drill.command(folder, store)
    whole = time.monotonic() - begin
    before = drill.runs(store, found)
    ended = {"killed": 0, "finished": 0, "no record": 0}
    for number in range(count):
        with drill.start(folder, store) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.0, 1.2 * whole))
            process.kill()
        now = drill.runs(store, found)
        if now[: len(before)] != before:
            found.wrong.append(f"command {number}: an earlier record is another one")
        for new in now[len(before) :]:
            ended[new.shown_state] = ended.get(new.shown_state, 0) + 1
            if new.state == "finished" and (len(new.figures) < 2 or len(new.inputs) < 4):
                found.wrong.append(f"command {number}: half a record")
        ended["no record"] += len(now) == len(before)
        before = now
    told = ", ".join(f"{n} {state}" for state, n in ended.items())
    return f"{count} commands: {told}; {len(before)} records stand"


def _killed_writers(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    """Processes that write one record after the other are killed at any moment."""
    store, acknowledged, journals = folder / "runs.sqlite", set[str](), 0
    for number in range(4 * count):
        with drill.started_writer(store, f"{number}", 10**6) as process:
            assert process.stdout is not None
            first = process.stdout.readline()  # it has begun
            time.sleep(rng.uniform(0.0, 0.05))
            process.kill()
            keys = [first, *process.stdout.read().splitlines(keepends=True)]
        journals += store.with_name(f"{store.name}-journal").exists()
        acknowledged |= {key.strip() for key in keys if key.endswith("\n")}
    drill.check_keys(store, acknowledged, found)
    kept = len(drill.runs(store, found))
    return (
        f"{4 * count} writers: {len(acknowledged)} records acknowledged, {kept} stand; "
        f"{journals} kills left a journal, which was rolled back"
    )


# --- several processes


def _at_once(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    """Four writers, one that forgets and one that reads, at the same time."""
    store, each = folder / "runs.sqlite", max(count, 10)
    processes = [drill.started_writer(store, f"w{i}", each) for i in range(4)]
    reads = forgotten = 0
    while any(process.poll() is None for process in processes):
        runs = drill.runs(store, found)
        reads += 1
        if runs and (run := rng.choice(runs)).key.endswith("7"):
            forgotten += forget.forget(store, [run.number])
    texts = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        found.wrong.append("a writer failed")
    keys = {key for text in texts for key in text.split()}
    kept = {run.key for run in drill.runs(store, found)}
    if not kept <= keys or len(kept) != len(keys) - forgotten:
        found.wrong.append(f"{len(keys)} written, {forgotten} forgotten, {len(kept)} stand")
    return f"4 writers of {each}: {len(kept)} stand, {forgotten} forgotten, {reads} reads meanwhile"


# --- disks


def _full(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    """A disk that fills up while records are written, and one that is full."""
    disk = folder / "disk"
    with drill.mounted(disk, "size=96k") as mounted:
        if not mounted:
            return "skipped: no file system may be mounted here"
        store, keys = disk / "runs.sqlite", set[str]()
        for number in range(1000):
            key = f"full-{number}"
            try:
                with file.writing(store) as opened:
                    rows.save(opened, writer.made(key))
            except InputError as problem:
                refusal = str(problem)
                break
            keys.add(key)
        else:
            return "skipped: the disk takes any number of records"
        if "no room" not in refusal:
            found.wrong.append(f"full disk: {refusal}")
        drill.check_keys(store, keys, found)
        with contextlib.suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
            while ballast.write(b"x" * 512):
                pass
        drill.check_refused(folder, store, found, "full disk")
        drill.check_refused(folder, disk / "new.sqlite", found, "full disk, new store")
        drill.check_keys(store, keys, found)
        (disk / "ballast").unlink()
        forgotten = forget.forget(store, [drill.runs(store, found)[0].number])
        return f"{len(keys)} records fit and stand; then a line a run; {forgotten} forgotten"


def _unwritable(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    """Stores that cannot be written, or are not ours: one line, nothing touched."""
    cases = 0
    (folder / "letter").write_text("no store, but a letter\n", encoding="utf-8")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    with contextlib.closing(sqlite3.connect(folder / "other.sqlite")) as other:
        other.execute("CREATE TABLE trials (number INTEGER)")
    with file.writing(folder / "newer") as store:
        store.execute("PRAGMA user_version = 99")
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to(folder / "no" / "where")
    for name in ("letter", "folder", "pipe", "other.sqlite", "newer", "loop", "dangling",
                 "letter/below", "/proc/runs.sqlite", "/dev/null", "/dev/full"):  # fmt: skip
        path = folder / name
        before = path.read_bytes() if name in ("letter", "other.sqlite", "newer") else None
        drill.check_refused(folder, path, found, name)
        if before is not None and path.read_bytes() != before:
            found.wrong.append(f"{name} was touched")
        cases += 1
    disk = folder / "disk"
    with drill.mounted(disk, "size=1m") as mounted:
        if mounted:
            with file.writing(disk / "runs.sqlite") as store:
                rows.save(store, writer.made("there"))
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            drill.check_refused(folder, disk / "runs.sqlite", found, "a read-only disk")
            drill.check_refused(
                folder, disk / "new.sqlite", found, "a read-only disk without a store"
            )
            if [run.key for run in drill.runs(disk / "runs.sqlite", found)] != ["there"]:
                found.wrong.append("a store on a read-only disk is not read")
            cases += 2
    return f"{cases} kinds: exit code and files as without a store, one line each, nothing touched"


def _damaged(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    """Stores whose bytes were changed or cut: read, or refused in one line."""
    whole = folder / "whole.sqlite"
    for number in range(60):
        with file.writing(whole) as store:
            rows.save(store, writer.made(f"{number}"))
    content, ended = whole.read_bytes(), {"read": 0, "refused": 0}
    for number in range(10 * count):
        path = folder / "damaged.sqlite"
        changed = bytearray(content)
        for _ in range(rng.choice((1, 3, 30, 300))):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        path.write_bytes(changed[: rng.choice((len(changed), rng.randrange(len(changed))))])
        for do in (
            lambda path=path: select.find(path, select.Filter()),
            lambda path=path: drill.save(path, "new"),
        ):
            try:
                do()
                ended["read"] += 1
            except InputError as problem:
                ended["refused"] += 1
                if "\n" in str(problem) or not problem.cure:
                    found.wrong.append(f"damage {number}: {problem}")
            except Exception as problem:
                found.wrong.append(f"damage {number}: {type(problem).__name__}: {problem}")
        if number % count == 0:
            drill.check_goes_on(folder, path, found, f"damage {number}")
    return (
        f"{10 * count} stores, read and written: {ended['read']} done, {ended['refused']} refused"
    )


def _without_locks(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    """A file system that has no locks."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        return "skipped: needs a C compiler on Linux"
    source, library = folder / "unlocked.c", folder / "unlocked.so"
    source.write_text(UNLOCKED, encoding="utf-8")
    words = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source)]
    subprocess.run(words, check=True, capture_output=True)
    store = folder / "runs.sqlite"
    drill.command(folder, store)
    kept = store.read_bytes()
    drill.check_refused(folder, store, found, "no locks", LD_PRELOAD=str(library))
    if store.read_bytes() != kept:
        found.wrong.append("no locks: the store was written")
    drill.check_refused(folder, folder / "new.sqlite", found, "no locks", LD_PRELOAD=str(library))
    return "one line, no write"
