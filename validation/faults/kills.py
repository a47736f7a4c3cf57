"""Trainings that are killed and go on: the same weights and the same report as without a kill."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCHEMES = {"hybrid": "rebit", "reram": "reram", "tiki_taka": "reram", "mixed_precision": "reram"}
WORDS = ["mlp", "--epochs", "2", "--images", "256", "--checkpoint-every", "0.1", "--quiet"]
TIMES = ("images_per_second", "seconds")
FIRST, LAST = 1.0, 6.0  # seconds after its start at which a run is killed, where one takes 8
TRIES = 40  # starts of one training


@dataclass
class Found:
    """Kills and trainings of each scheme, and those that ended elsewhere."""

    kills: dict[str, int] = field(default_factory=dict)
    trainings: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether all trainings ended as without a kill."""
        return not self.wrong

    def lines(self) -> Iterator[str]:
        """Counts by scheme, and what differs."""
        for scheme, kills in self.kills.items():
            yield f"{scheme:20}{kills:>6} kills in {self.trainings[scheme]} trainings"
        yield f"{'sum':20}{sum(self.kills.values()):>6} kills, {len(self.wrong)} with other results"
        yield from self.wrong


def run(count: int, seed: int, last: float = LAST) -> Found:
    """Kill trainings ``count`` times, the schemes in turn, up to ``last`` [s] after their start."""
    found, rng = Found(), random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        wanted = {}
        for scheme in SCHEMES:
            _start(scheme, folder / f"{scheme}_whole", 1).wait()
            wanted[scheme] = _outcome(folder / f"{scheme}_whole")
            found.kills[scheme] = found.trainings[scheme] = 0
        number = 0
        while sum(found.kills.values()) < count:
            scheme = list(SCHEMES)[number % len(SCHEMES)]
            out = folder / f"{scheme}_{number}"
            found.kills[scheme] += _killed(scheme, out, rng, last)
            found.trainings[scheme] += 1
            if (got := _outcome(out)) != wanted[scheme]:
                found.wrong.append(f"{scheme}, training {number}: {_first(got, wanted[scheme])}")
            number += 1
    return found


def _killed(scheme: str, out: Path, rng: random.Random, last: float) -> int:
    """Start a training again until it has ended; how often it was killed."""
    kills = 0
    for _ in range(TRIES):
        process = _start(scheme, out, rng.choice((1, 2)))
        try:
            process.wait(rng.uniform(FIRST, last))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        else:
            return kills
    _start(scheme, out, 1).wait()
    return kills


def _start(scheme: str, out: Path, threads: int) -> subprocess.Popen[bytes]:
    words = ["run", *WORDS, "--scheme", scheme, "--architecture", SCHEMES[scheme]]
    words += ["--threads", str(threads), "--out", str(out), "--resume"]
    return subprocess.Popen(
        [sys.executable, "-m", "neurorebit", *words],
        env={**os.environ, "NEUROREBIT_STORE": str(out.parent / "runs.sqlite")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _outcome(out: Path) -> Any:
    """A report without its times and how it was asked for."""
    for _ in range(10):
        if (out / "report.json").is_file():
            break
        time.sleep(0.1)
    else:
        return "no report"
    report = json.loads((out / "report.json").read_text())
    report["training"]["epochs"] = [
        {key: value for key, value in epoch.items() if key not in TIMES}
        for epoch in report["training"]["epochs"]
    ]
    return report


def _first(got: Any, wanted: Any, path: str = "report") -> str:
    """The first place where two outcomes differ."""
    if isinstance(got, dict) and isinstance(wanted, dict) and got.keys() == wanted.keys():
        key = next(key for key in got if got[key] != wanted[key])
        return _first(got[key], wanted[key], f"{path}.{key}")
    return f"{path}: {str(got)[:80]} for {str(wanted)[:80]}"
