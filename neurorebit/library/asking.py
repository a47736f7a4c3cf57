"""Requests of the public functions to the studies, and how a call is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurorebit.inputs.files import Source
from neurorebit.inputs.values import setting_text
from neurorebit.library import inputs as given
from neurorebit.library.inputs import ChipInput, Named, NetworkInput
from neurorebit.schema import Document, InputError, Setting, paths
from neurorebit.studies.request import Request, origin_of

NETWORK = ("network.", "training.")  # how keys of a network begin


def asked(
    network: NetworkInput | Named,
    chip: ChipInput | Named,
    changes: Mapping[str, Any] | None = None,
    **more: Any,
) -> Request:
    """The run of a network on a chip, with ``changes`` over both; None in them changes nothing."""
    trained, made = given.network(network), given.chip(chip)
    settings = {s.key: s for s in (*trained.settings, *made.settings)}
    for key, value in (changes or {}).items():
        if value is not None:
            settings[key] = Setting(key, setting_text(key, value))
    return Request(
        trained.document,
        made.architecture.document,
        made.technology.document,
        made.device.document,
        settings=tuple(settings.values()),
        recipe=trained.recipe or None,
        spell=call,
        **more,
    )


def call(request: Request) -> str:
    """The Python call that asks for a run again, but for folders and the number of threads."""
    others = [s for s in request.settings if not s.key.startswith(NETWORK)]
    parts = [repr(_name("architecture", request.architecture))]
    for kind, source in (("technology", request.technology), ("device", request.device)):
        parts += [f"{kind}={_name(kind, source)!r}"] if source is not None else []
    words = [
        network_call(request),
        f"chip({', '.join(parts)}){_set(others)}",
        *([f"seed={request.seed}"] if request.seed else []),
        *([f"weights_from={origin_of(request.weights_from)!r}"] if _starts(request) else []),
    ]
    return f"{'train' if request.train else 'estimate'}({', '.join(words)})"


def _starts(request: Request) -> bool:
    """Whether a run starts from given weights."""
    return request.weights_from is not None


def network_call(request: Request) -> str:
    """The Python call that makes the network of a run."""
    own = [s for s in request.settings if s.key.startswith(NETWORK)]
    recipe = f", recipe={request.recipe!r}" if request.recipe else ""
    return f"network({_name('network', request.network)!r}{recipe}){_set(own)}"


def _name(kind: str, source: Source) -> str:
    """The name of a shipped file, or the path of another."""
    if not isinstance(source, Document):
        return str(source)
    path = source.path
    try:
        shipped = paths.shipped(kind, path.stem)
    except InputError:
        return source.shown
    return path.stem if shipped == path else source.shown


def _set(settings: Sequence[Setting]) -> str:
    if not settings:
        return ""
    if len(settings) == 1:
        return f".set({settings[0].key!r}, {settings[0].text!r})"
    return f".set({ {s.key: s.text for s in settings}!r})"
