"""How the command line writes what messages refer to: arguments as options, runs as commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurorebit.schema import Argument, Setting

if TYPE_CHECKING:
    from neurorebit.studies.request import Request

POSITIONAL = ("network", "run", "what")
OPTIONS = {  # arguments whose option has another name; of the others, the name is the option's
    "axes": "axis",
    "every": "all",
    "settings": "set",
    "technologies": "technology",
    "voltages": "voltage",
    "widths": "width",
}


def option(name: str) -> str:
    """The option of an argument."""
    return f"--{OPTIONS.get(name, name).replace('_', '-')}"


def spell(argument: Argument) -> str:
    """An argument as the command line has it."""
    name, value = argument.name, argument.value
    if name in POSITIONAL:
        return name.upper() if value is None else str(value)
    return option(name) if value in (None, True) else f"{option(name)} {value}"


@dataclass(frozen=True)
class Given:
    """An option and its text, as they were given: the origin of a setting."""

    option: str
    text: str

    def __str__(self) -> str:
        return f"{self.option} {self.text}"


def command_line(request: Request, name: str = "run", more: Iterable[str] = ()) -> str:
    """The command that asks for a run again, without places of files and the number of threads."""
    words = ["neurorebit", name, str(request.network)]
    chosen = {
        "architecture": "" if request.architecture == "rebit" else request.architecture,
        "technology": request.technology,
        "device": request.device,
        "recipe": request.recipe,
    }
    words += [word for key, name in chosen.items() if name for word in (option(key), str(name))]
    for setting in request.settings:
        words += _words(setting)
    words += [option("seed"), str(request.seed)] if request.seed else []
    if request.weights_from is not None:
        words += [option("weights_from"), str(request.weights_from)]
    words += ["--no-train"] if name == "run" and not request.train else []
    return shlex.join([*words, *more])


def estimate_of(given: Mapping[str, str], settings: Mapping[str, str], *more: str) -> str:
    """The command that estimates a design: ``given`` are the network and the files of the chip,
    ``settings`` what is set in this design, files among it; ``more`` are further words.
    """
    files = {kind: name for kind, name in given.items() if kind != "network"}
    files |= {key: text for key, text in settings.items() if "." not in key}
    words = ["neurorebit", "run", given["network"], "--no-train"]
    words += [word for kind, name in files.items() for word in (option(kind), name)]
    words += more
    for key, text in settings.items():
        words += [option("settings"), f"{key}={text}"] if "." in key else []
    return shlex.join(words)


def _words(setting: Setting) -> list[str]:
    """A setting as the option that it came from, or as one that sets its key."""
    if isinstance(setting.origin, Given):
        return [setting.origin.option, setting.origin.text]
    return [option("settings"), f"{setting.key}={setting.text}"]
