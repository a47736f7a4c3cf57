"""The public function that evaluates: a trained network on a chip, step by step."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from neurorebit.library.asking import call
from neurorebit.library.inputs import ChipInput, Named, NetworkInput
from neurorebit.library.progress import Draws
from neurorebit.library.trainings import Data, Weights, request_of
from neurorebit.results.typed.evaluation import Evaluation
from neurorebit.schema import Argument, InputError
from neurorebit.studies import evaluate as studies
from neurorebit.studies.request import Request

MOST = 10_000  # draws
YEARS = 100 * 365.25 * 86400  # the longest rest [s]


def evaluate(
    network: NetworkInput | Named,
    chip: ChipInput | Named = "rebit",
    *,
    weights_from: Weights,
    draws: int = 5,
    calibration: int = 512,
    rest: Sequence[float] = (),
    wires: bool = False,
    conversion: Literal["bit_serial", "fast"] = "bit_serial",
    data: Data | None = None,
    seed: int = 0,
    threads: int | None = None,
    out: str | Path | None = None,
    replace: bool = False,
    progress: bool = True,
) -> Evaluation:
    """Accuracy of a trained network on a chip's arrays, one non-ideality after the other.

    ``weights_from``: weights of a run (``done.weights``), a file of them, or a state dict or ONNX
    graph. Nothing is trained: weights are rounded to the levels of the chip (those that an archive
    has, or else the nearest), written to cells once, and read. Each row of ``frame`` adds one thing
    to the row before: levels of the weights, bits of the inputs, converters, spread of the written
    cells, stuck cells, noise of reads, wires (where ``wires``), drift after each time [s] of
    ``rest``. Rows with chance in them are tested on ``draws`` chips, of seeds from ``seed`` on.

    ``calibration``: training images on which the ranges of inputs and converters are set, on each
    chip before it rests. ``conversion``: every bit plane of the inputs is converted on its own, as
    chips do; fast converts their sum once. ``data``, ``threads``: as in ``train``. ``out``: a
    folder for the report; nothing is written without.

    InputError where files, weights, data and arguments are wrong or do not fit together,
    InfeasibleError where the chip cannot exist.

    >>> import neurorebit as nr
    >>> net = nr.network("mlp").set({"network.width": 0.1, "training.test_images": 40})
    >>> done = nr.train(net, "rebit", scheme="real", data="digits", epochs=1, images=128)
    >>> found = nr.evaluate(net, "inference_reram", weights_from=done.weights, draws=2)
    >>> found.frame["key"].tolist()
    ['software', 'weights', 'inputs', 'converters', 'variation']
    >>> found.software == done.accuracy
    True
    """
    for name, value, most in (("draws", draws, MOST), ("calibration", calibration, 1_000_000)):
        if not 1 <= value <= most:
            message = f"expected a whole number from 1 to {most}, got {value}"
            raise InputError(message, origin=Argument(name), value=value, cure="take fewer or more")
    for time in rest:
        if not 1.0 < time <= YEARS:
            message = f"cells drift from one second on, expected up to 100 years, got {time}"
            cure = "give times in seconds above 1"
            raise InputError(message, origin=Argument("rest"), value=time, cure=cure)
    request = request_of(
        network,
        chip,
        {"data": data, "seed": seed, "threads": threads, "weights_from": weights_from},
    )
    place = None if out is None else Path(out)
    own: dict[str, object] = {
        "draws": draws,
        "calibration": calibration,
        "rest": tuple(rest),
        "wires": wires,
    }
    own |= {"wires": wires, "conversion": conversion}

    def spell(request: Request) -> str:
        more = ", ".join(f"{name}={value!r}" for name, value in own.items())
        return f"evaluate({call(request).partition('(')[2].removesuffix(')')}, {more})"

    request = dataclasses.replace(request, train=False, out=place, replace=replace, spell=spell)
    asked = studies.Evaluation(
        request=request,
        draws=draws,
        calibration=calibration,
        rest=tuple(rest),
        conversion=conversion,
        wires=wires,
    )
    with Draws(progress) as shown:
        if out is not None:
            return Evaluation(studies.evaluate(asked, shown.say, shown).report)
        inputs = request.inputs()
        prepared = studies.prepare(asked, inputs)
        return Evaluation(studies.report_of(asked, inputs, prepared, shown.say, tell=shown))
