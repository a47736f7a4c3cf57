"""Sweeps whose workers, scheduler or client die, whose disk is full, whose workers differ.

What is held: what was finished is never made again and never half; whoever dies, a sweep that goes
on ends with the same bytes as one that nothing disturbed; what cannot go on says so in one line.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

import neurorebit
from neurorebit.results.writers.partitions import SUFFIX
from validation.faults.drill import Found, mounted

DEVICE, SIZE = "mine.yaml", 100  # designs a part
WORDS = [
    "sweep", "mlp", "--device", DEVICE, "--axis", "technology.vdd=0.8V:1V:40", "--axis",
    "device.r_on=50kohm:200kohm:50", "--pareto", "energy,area", "--no-store", "--quiet",
]  # fmt: skip
FIRST, LAST = 0.5, 4.0  # seconds between kills
PATIENCE = 300.0  # seconds that anything may take
TRIES = 200


def run(count: int, seed: int) -> Found:
    """All drills, each with ``count`` kills where it kills."""
    found, rng = Found(), random.Random(seed)
    each: dict[str, Callable[[Path, int, random.Random, Found], str]] = {
        "killed workers": _killed_workers,
        "killed clients": _killed_clients,
        "killed schedulers": _killed_schedulers,
        "full disk": _full,
        "another version": _another_version,
        "another file": _another_file,
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        device = Path(neurorebit.__file__).parents[1] / "tech" / "device" / "taox_hfox.yaml"
        shutil.copy(device, folder / DEVICE)
        code, said = _ended(_client(folder, "whole"))
        if code != 0:
            found.wrong.append(f"undisturbed: exit code {code}: {said}")
            return found
        for name, one in each.items():
            found.counts[name] = one(folder, count, rng, found)
    return found


# --- kills


def _killed_workers(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    kills = sweeps = given_up = 0
    while kills < count:
        client = _client(folder, f"workers{sweeps}", "--workers", "2")
        while client.poll() is None:
            time.sleep(rng.uniform(LAST, 3 * LAST))  # as long as a worker needs to come back
            children = psutil.Process(client.pid).children() if client.poll() is None else []
            if children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    rng.choice(children).kill()
                    kills += 1
        code, said = _ended(client)
        if code != 0:  # four workers that die at one part end a sweep, which then goes on
            given_up += 1
            if code != 2 or "workers died at the same task; " not in said:
                found.wrong.append(f"killed workers: exit code {code}: {said}")
            code, said = _ended(_client(folder, f"workers{sweeps}", "--workers", "2", "--resume"))
        _check(folder, f"workers{sweeps}", code, said, found)
        sweeps += 1
    return f"{kills} kills in {sweeps} sweeps, {given_up} of which gave up and went on"


def _killed_clients(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    kills = sweeps = left = 0
    while kills < count:
        name, more = f"clients{sweeps}", ["--workers", "2"]
        for _ in range(TRIES):
            client = _client(folder, name, *more)
            try:
                client.wait(rng.uniform(FIRST, 3 * LAST))
            except subprocess.TimeoutExpired:
                workers = psutil.Process(client.pid).children()
                client.kill()
                kills += 1
                _, alive = psutil.wait_procs(workers, timeout=10.0)
                left += len(alive)
            said = _ended(client)[1]
            if client.returncode == 0:
                break
            more = ["--workers", "2", "--resume"]
        _check(folder, name, client.returncode, said, found)
        sweeps += 1
    if left:
        found.wrong.append(f"{left} workers outlived their client")
    return f"{kills} kills in {sweeps} sweeps, {left} workers left"


def _killed_schedulers(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    kills = sweeps = 0
    while kills < count:
        name, more = f"schedulers{sweeps}", list[str]()
        for _ in range(TRIES):
            with _cluster(folder) as (address, scheduler):
                client = _client(folder, name, "--scheduler", address, *more)
                try:
                    client.wait(rng.uniform(FIRST, 3 * LAST) + 2.0)
                except subprocess.TimeoutExpired:
                    scheduler.kill()
                    kills += 1
                code, said = _ended(client)
            if code == 0:
                break
            if code != 2 or said.count("\n") != 1:
                found.wrong.append(f"killed scheduler: exit code {code}: {said}")
            more = ["--resume"]
        _check(folder, name, code, said, found)
        sweeps += 1
    return f"{kills} kills in {sweeps} sweeps"


# --- a disk, and workers that differ


def _full(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    whole = sum(path.stat().st_size for path in (folder / "whole").iterdir())
    tries = 0
    for workers in ("1", "2"):
        place = folder / f"disk{workers}"
        with mounted(place, f"size={whole // 2}") as there:
            if not there:
                return "left out: no file system of its own may be mounted"
            out = f"{place.name}/sweep"
            code, said = _ended(_client(folder, out, "--workers", workers))
            if code != 2 or said.count("\n") != 1 or "No space left" not in said:
                found.wrong.append(f"full disk: exit code {code}: {said}")
            for path in (place / "sweep").glob(f"designs-*{SUFFIX}"):
                if path.read_bytes() != (folder / "whole" / path.name).read_bytes():
                    found.wrong.append(f"full disk: {path.name} is not whole")
            if list((place / "sweep").glob(".writing*")):
                found.wrong.append("full disk: a scratch file is left")
            grow = ["mount", "-o", f"remount,size={4 * whole}", str(place)]
            subprocess.run(grow, check=True)
            code, said = _ended(_client(folder, out, "--workers", workers, "--resume"))
            _check(folder, out, code, said, found)
        tries += 1
    return f"{tries} sweeps, which went on"


def _another_version(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    package = folder / "other" / "neurorebit"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(neurorebit.__file__).parent, package, ignore=ignored)
    for name in ("tech", "networks"):
        shutil.copytree(Path(neurorebit.__file__).parents[1] / name, folder / "other" / name)
    first = package / "__init__.py"
    text = first.read_text()
    first.write_text(text.replace(f'"{neurorebit.__version__}"', '"9.9.9"'))
    return _refused(folder, found, "neurorebit 9.9.9", PYTHONPATH=str(folder / "other"))


def _another_file(folder: Path, count: int, rng: random.Random, found: Found) -> str:
    there = folder / "elsewhere"
    there.mkdir()
    text = (folder / DEVICE).read_text()
    (there / DEVICE).write_text(text.replace("r_on: 100 kohm", "r_on: 90 kohm"))
    return _refused(folder, found, "has another device mine", place=there)


def _refused(
    folder: Path, found: Found, expected: str, *, place: Path | None = None, **more: str
) -> str:
    """A sweep whose workers differ ends in one line before any part is made."""
    with _cluster(place or folder, **more) as (address, _):
        out = folder / f"refused{expected[:3]}"
        code, said = _ended(_client(folder, str(out), "--scheduler", address))
    if code != 2 or said.count("\n") != 1 or expected not in said or "; " not in said:
        found.wrong.append(f"{expected}: exit code {code}: {said}")
    if out.exists() and list(out.glob(f"designs-*{SUFFIX}")):
        found.wrong.append(f"{expected}: parts are there")
    return "refused before the first part"


# --- processes


def _client(folder: Path, out: str, *more: str) -> subprocess.Popen[str]:
    words = ["-m", "validation.faults.sweeper", str(SIZE), *WORDS, "--out", f"{out}/", *more]
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def _cluster(place: Path, **more: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler and two workers that are no children of a client: its address, and itself."""
    note = place / "scheduler.json"
    note.unlink(missing_ok=True)

    def dask(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=place,
            env={**_environment(), **more},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(note)]
    started = [dask("scheduler", *words)]
    try:
        address = _address(note)
        words = [address, "--host", "127.0.0.1", "--no-nanny", "--no-dashboard", "--nthreads", "1"]
        started += [dask("worker", *words) for _ in range(2)]
        _wait_for_workers(address)
        yield address, started[0]
    finally:
        for process in started:
            process.kill()
            process.wait()


def _address(note: Path) -> str:
    """What a scheduler says of itself once it is there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError):
            return str(json.loads(note.read_text())["address"])
        time.sleep(0.1)
    raise TimeoutError("the scheduler does not start")


def _wait_for_workers(address: str) -> None:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=PATIENCE)


def _environment() -> dict[str, str]:
    paths = os.pathsep.join(map(os.path.abspath, sys.path))
    return {**os.environ, "PYTHONPATH": paths}


def _ended(client: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code of a client, and what it said."""
    said = client.communicate(timeout=PATIENCE)[1]
    return client.returncode, said


def _check(folder: Path, out: str, code: int, said: str, found: Found) -> None:
    """A sweep ended as the one that nothing disturbed: the same files with the same bytes."""
    if code != 0 or said:
        found.wrong.append(f"{out}: exit code {code}: {said}")
        return
    for path in (folder / "whole").glob(f"*{SUFFIX}"):
        other = folder / out / path.name
        if not other.is_file() or other.read_bytes() != path.read_bytes():
            found.wrong.append(f"{out}: {path.name} differs")
    shutil.rmtree(folder / out)
