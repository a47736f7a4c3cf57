"""The runs of a comparison of schemes: which are made already, and who makes the others."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from typing import Any

from neurorebit import __version__
from neurorebit.data.dataset import Dataset
from neurorebit.data.fit import fitting
from neurorebit.data.locate import load, locate
from neurorebit.machines.tasks import Executor, unwanted
from neurorebit.results import document, lock
from neurorebit.schema import Argument, InputError
from neurorebit.schema.training import Step
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.request import Request
from neurorebit.studies.run import run
from neurorebit.studies.trained import Progress, Say

Json = dict[str, Any]
Shown = Callable[[], AbstractContextManager[Progress | None]]
Key = tuple[str, int]  # the name of a row, and a seed


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of a comparison, each with a folder of its own: ``requests`` by name and seed.

    Runs that their folders have finished are not made again if ``resume`` says so.
    """

    requests: Mapping[Key, Request]
    resume: bool
    _: KW_ONLY
    say: Say
    progress: Shown = nullcontext
    begun: list[Key] = field(default_factory=list)  # by workers

    @property
    def cut_short(self) -> dict[Key, Json]:
        """The reports of those that workers had begun when they were interrupted.

        One may have come to its end before its worker was asked to stop.
        """
        found = {}
        for key in self.begun:
            request = self.requests[key]
            one = None if request.out is None else document.find(request.out)
            if one is None or not one.get("training"):
                continue
            if unfinished(one) or finished(request, self._data) is not None:
                found[key] = one
        return found

    @cached_property
    def _data(self) -> str:
        return digest_of_data(next(iter(self.requests.values())))

    @cached_property
    def done(self) -> dict[Key, Json]:
        """The reports of those that are made already; InputError where one is of another run."""
        if not self.resume:
            return {}
        known = {key: finished(one, self._data) for key, one in self.requests.items()}
        return {key: found for key, found in known.items() if found is not None}

    def reports(self, machines: Executor | None) -> Generator[tuple[Key, Json], None, None]:
        """The report of each run as it ends, in order where no machines share them.

        An interrupt ends the runs in progress: each keeps what it reached.
        """
        yield from self.done.items()
        left = [key for key in self.requests if key not in self.done]
        if machines is None or machines.workers == 1:
            for key in left:
                self.say(f"{key[0]}, seed {key[1]}")
                yield key, trained(self.requests[key], self.say, self.progress)
            return
        yield from self._shared(left, machines)

    def _shared(
        self, left: Sequence[Key], machines: Executor
    ) -> Generator[tuple[Key, Json], None, None]:
        """The same by workers, which read the same inputs and data before they train."""

        def tasks() -> Iterator[Task]:
            for key in left:
                threads = min(self.requests[key].threads, machines.threads)
                one = replace(self.requests[key], threads=threads)
                self.begun.append(key)
                yield Task(key, one, _digests(one), data=self._data)

        with closing(machines.run(on_worker, tasks(), most=machines.workers)) as ended:
            for count, (task, found) in enumerate(ended, 1):
                if found is not None:
                    name, seed = task.key
                    self.say(f"{name}, seed {seed}: done, {count} of {len(left)}")
                    yield task.key, found


@dataclass(frozen=True, eq=False)
class Task:
    """A run for a worker, with the digests of the files and of the data that it is to read."""

    key: Key
    request: Request
    files: Mapping[str, str]
    data: str


def on_worker(task: Task) -> Json | None:
    """The report of a run; of one that a worker that died has begun, it goes on.

    None where nobody waits for it any longer. InputError where this machine reads other inputs than
    its client, or does not see the folder.
    """
    request, here = task.request, f"the worker on {socket.gethostname()}"
    assert request.out is not None
    if not (request.out.parent / lock.NAME).exists():  # which the client holds
        cure = "name a folder that all machines share"
        raise InputError(f"{here} does not see it", origin=Argument("out", request.out), cure=cure)
    for kind, sha256 in _digests(request).items():
        if sha256 != task.files[kind]:
            message, cure = f"{here} has another {kind}", "copy the client's there"
            raise InputError(message, origin=Argument(kind), cure=cure)
    if digest_of_data(request) != task.data:
        cure = "copy the client's there"
        raise InputError(f"{here} has other images", origin=Argument("data"), cure=cure)
    found = None if request.replace else finished(request, task.data)
    if found is not None:
        return found
    try:
        return trained(replace(request, resume=True), _nothing, lambda: nullcontext(_end_unwanted))
    except KeyboardInterrupt:
        return None


def trained(request: Request, say: Say, progress: Shown) -> Json:
    """The report of a run that goes on from its checkpoint, if it has one and is asked to."""
    from neurorebit.training import checkpoint

    assert request.out is not None
    begun = checkpoint.find(request.out) is not None
    with progress() as shown:
        return run(replace(request, resume=request.resume and begun), say, shown).report


def unfinished(done: Json) -> bool:
    """Whether the run of a report ended early."""
    return bool(done["training"]["interrupted"] or done["training"]["out_of_time"])


def finished(request: Request, data: str) -> Json | None:
    """The report of a finished run in the folder, or None; InputError if it is of another run."""
    from neurorebit.training import checkpoint

    assert request.out is not None
    try:
        found = document.find(request.out)
        if found is None:
            return None
        ended = not unfinished(found)
        images = found["training"].get("data_sha256", data)
        made = _given(found["inputs"], found["seed"], found["version"], images)
    except (KeyError, TypeError, AttributeError):
        return None
    if not ended:
        return None
    asked = _given(request.inputs().record(), request.seed, __version__, data)
    if different := checkpoint.differences(made, asked):
        message = f"{request.out} has another run, which came to its end: {different}"
        cure = "give what it was made with, or name another folder with ", Argument("out")
        raise InputError(message, origin=Argument("resume"), cure=cure)
    return found


def digest_of_data(request: Request) -> str:
    """The digest of the images that all schemes train on."""
    inputs = request.inputs()
    network, data = inputs.network, request.data
    if not isinstance(data, Dataset):
        data = load(locate(inputs.wanted, data), network.input)
    return fitting(data, network).sha256


def _digests(request: Request) -> dict[str, str]:
    """The digest of each file of a run."""
    return {kind: str(one["sha256"]) for kind, one in request.inputs().record().items()}


def _end_unwanted(step: Step) -> None:
    """End a training that nobody waits for, as an interrupt does."""
    if unwanted():
        raise KeyboardInterrupt


def _nothing(line: str) -> None:
    """Say nothing: a worker has no reader."""


def _given(inputs: Json, seed: int, version: str, data: str) -> Json:
    """What a run was given, as far as its result depends on it."""
    return {"data": data, "inputs": _heeded(inputs), "seed": seed, "version": version}


def _heeded(inputs: Json) -> Json:
    """The values of the files without the keys that other schemes add."""
    network, named = inputs["network"], inputs["architecture"]["values"]["scheme"]
    values = network["values"]["training"]
    others = {key for name, s in SCHEMES.items() for key in s.own_keys if name != named}
    others -= set(SCHEMES[named].own_keys)
    training = {key: value for key, value in values.items() if key not in others}
    return {**inputs, "network": {**network, "values": {**network["values"], "training": training}}}
