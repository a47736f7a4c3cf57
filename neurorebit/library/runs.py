"""The public function that gives recorded runs of the command line as a frame."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurorebit.results.frames import frame
from neurorebit.schema import InputError
from neurorebit.store import place, select
from neurorebit.store.record import Run

if TYPE_CHECKING:
    import pandas as pd

Time = str | datetime
TEXTS = ("command", *select.KINDS, "scheme", "state", "folder", "line", "message", "version")


def runs(
    store: str | Path | None = None,
    *,
    command: str | None = None,
    network: str | None = None,
    architecture: str | None = None,
    technology: str | None = None,
    device: str | None = None,
    data: str | None = None,
    scheme: str | None = None,
    state: str | None = None,
    since: Time | None = None,
    before: Time | None = None,
    where: str | Sequence[str] = (),
) -> pd.DataFrame:
    """Runs that the command line recorded: a row for each, by its number, the oldest first.

    ``store``: the file of the store; that of the environment or of the user unless given. The other
    arguments select: names of inputs, or patterns such as ``vgg*``; ``since`` and ``before`` are
    dates, or times ago such as ``"7d"``; ``where`` has bounds of figures such as
    ``"energy<1uJ"``.

    Columns: texts, ``begin`` (UTC), ``seconds`` [s], ``exit_code``, ``settings`` (JSON), and a
    float64 column for each headline figure, nan where a run has none; ``attrs["units"]`` has the SI
    units. No row where nothing is recorded. InputError where the store cannot be read.

    >>> import tempfile, pathlib
    >>> import neurorebit as nr
    >>> from neurorebit.__main__ import main
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = str(pathlib.Path(folder, "runs.sqlite"))
    ...     words = ["sweep", "mlp", "--axis", "technology.vdd=0.9V,1V", "--store", store]
    ...     code = main([*words, "--out", str(pathlib.Path(folder, "all.csv")), "--quiet"])
    ...     recorded = nr.runs(store, network="mlp")
    written to ...all.csv
    >>> recorded.designs.tolist(), recorded.attrs["units"]["area"]
    ([2.0], 'm2')
    """
    path = place.store(store)
    if path is None:
        cure = "name a store"
        raise InputError("the environment says that there is none", origin="store", cure=cure)
    given = dict(zip(select.KINDS, (network, architecture, technology, device, data), strict=True))
    bounds = (where,) if isinstance(where, str) else tuple(where)
    asked = select.Filter(
        command=command,
        inputs={kind: name for kind, name in given.items() if name is not None},
        scheme=scheme,
        state=state,
        since=_moment(since, "since"),
        before=_moment(before, "before"),
        bounds=tuple(map(select.bound, bounds)),
    )
    return _frame(select.find(path, asked))


def _moment(given: Time | None, argument: str) -> float | None:
    if isinstance(given, datetime):
        return given.timestamp()
    return None if given is None else select.moment(given, argument)


def _frame(found: Sequence[Run]) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    units = {"seconds": "s"}
    heads = [{one.name: one for one in run.figures if not one.of} for run in found]
    units |= {name: one.unit for head in heads for name, one in head.items() if one.unit}
    columns: dict[str, Any] = {"run": np.array([run.number for run in found], dtype=np.int64)}
    begins = np.array([run.started for run in found], dtype=float)
    columns["begin"] = pd.to_datetime(begins, unit="s", utc=True)
    lasted = [math.nan if run.seconds is None else run.seconds for run in found]
    columns["seconds"] = np.array(lasted, dtype=float)
    texts = [_texts(run) for run in found]
    columns |= {name: pd.array([one[name] for one in texts], dtype="string") for name in TEXTS}
    columns["exit_code"] = pd.array([run.code for run in found], dtype="Int64")
    settings = [json.dumps(dict(run.settings)) for run in found]
    columns["settings"] = pd.array(settings, dtype="string")
    for name in dict.fromkeys(name for head in heads for name in head):
        values = [head[name].value if name in head else math.nan for head in heads]
        columns[name if name not in columns else f"{name}_figure"] = np.array(values, dtype=float)
    return frame(columns, index="run", units=units)


def _texts(run: Run) -> dict[str, str | None]:
    inputs = {kind: ", ".join(run.named(kind)) or None for kind in select.KINDS}
    return {
        "command": run.command,
        **inputs,
        "scheme": run.scheme or None,
        "state": run.shown_state,
        "folder": run.folder,
        "line": run.line,
        "message": run.message or None,
        "version": run.versions.get("neurorebit"),
    }
