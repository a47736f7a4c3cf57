"""Accuracy of a trained network on a chip, one non-ideality after the other, and its estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neurorebit.data.dataset import Dataset
from neurorebit.data.fit import fitting
from neurorebit.data.locate import load, locate
from neurorebit.inputs.files import Inputs
from neurorebit.results import document, folder
from neurorebit.results.lock import held
from neurorebit.results.writers import table
from neurorebit.schema import Argument, InputError
from neurorebit.schema.activity import Activity, Origin
from neurorebit.schema.device import Device
from neurorebit.schema.reads import Reads, changed
from neurorebit.schemes.assumed import assumed
from neurorebit.studies.placement import holds_training, occupied, vacant
from neurorebit.studies.request import Request
from neurorebit.studies.run import estimated, header
from neurorebit.studies.statistics import of_mean, of_share, spread
from neurorebit.studies.trained import described, wires_between_cells
from neurorebit.weights.archive import NetworkWeights
from neurorebit.weights.archive import given as read_given
from neurorebit.weights.fitting import Start, fit

if TYPE_CHECKING:  # at run time where something is evaluated: it needs Numba
    from neurorebit.training.evaluating import Tested, Trial

Say = Callable[[str], None]
Tell = Callable[["Progress"], None]

SCHEMA = 1  # of the document's part ``evaluation``
IDEAL = {"d2d": 0.0, "c2c": 0.0, "read": 0.0, "stuck_low": 0.0, "stuck_high": 0.0}
SOFTWARE = "software"


class Progress(NamedTuple):
    """How far an evaluation is: tests done and to do, and the row in progress."""

    done: int
    todo: int
    row: str


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What is to be evaluated.

    ``draws`` chips, each with cells of its own; input ranges and converters are calibrated on
    ``calibration`` training images; ``rest`` are times [s] after which chips are tested again.
    ``conversion``: as the key ``training.conversion``, bit by bit unless given. ``wires``: whether
    wires are resistive in the last steps.
    """

    request: Request
    draws: int = 5
    calibration: int = 512
    rest: tuple[float, ...] = ()
    conversion: str = "bit_serial"
    wires: bool = False


@dataclass(frozen=True)
class Row:
    """A row of the table: what it adds to the row before, and the chip on which it is tested."""

    key: str
    adds: str
    trial: Trial
    random: bool = field(kw_only=True)
    rest: float = field(default=0.0, kw_only=True)


@dataclass(frozen=True)
class Outcome:
    """The report of an evaluation, the folder it was written to, and its files."""

    report: dict[str, Any]
    folder: Path
    files: tuple[str, ...]


def evaluate(asked: Evaluation, say: Say, tell: Tell | None = None) -> Outcome:
    """Evaluate, and write the report.

    ``say`` gets a line that says on what data. InputError or InfeasibleError, before anything is
    computed, where a file, the weights or an argument is wrong, or the chip cannot exist.
    """
    inputs = asked.request.inputs()
    place = _placed(asked.request, inputs, say)
    asked = replace(asked, request=replace(asked.request, out=place))
    prepared = prepare(asked, inputs)
    folder.claim(place, (*table.WRITERS, *table.EVALUATION))
    with held(place):
        report = report_of(asked, inputs, prepared, say, tell=tell)
        contents = table.files(report, ())
        folder.write(place, contents, stale=[name for name in table.PICTURES])
    return Outcome(report, place, tuple(contents))


def _placed(request: Request, inputs: Inputs, say: Say) -> Path:
    """The folder of the report: the one that was named, or one that counts up."""
    if request.out is not None:
        if not request.replace and holds_training(request.out):
            raise occupied(request.out, "the report of a training")
        return request.out
    first = request.placed(f"{inputs.network.name}_evaluated").folder
    found = first if request.replace else vacant(first, holds_training)
    if found != first:
        say(f"{first} holds a training; the report goes to {found}")
    return found


class Prepared(NamedTuple):
    """What was read before anything is computed."""

    given: NetworkWeights
    start: Start


def prepare(asked: Evaluation, inputs: Inputs) -> Prepared:
    """The weights, brought to the network; InputError where anything does not fit."""
    if asked.request.weights_from is None:
        origin = Argument("weights_from")
        cure = "name an archive that a run saved, or a state dict"
        raise InputError("nothing is evaluated without weights", origin=origin, cure=cure)
    if inputs.network.regression:
        message = "an evaluation counts images that get their class, and this is a regression"
        cure = "take a network that tells classes apart"
        raise InputError(message, origin=Argument("network"), cure=cure)
    given = read_given(asked.request.weights_from)
    start = fit(given, inputs.network)
    retention = inputs.device.retention
    if asked.rest and (retention is None or not inputs.architecture.holds_devices):
        message = f"{inputs.device.name} has no section 'retention'"
        cure = "add one, or take another device"
        if not inputs.architecture.holds_devices:
            message, cure = "the chip's cells do not drift", "drop it"
        raise InputError(message, origin=Argument("rest"), cure=cure)
    activity = assumed(inputs.network, inputs.architecture, inputs.device)
    estimated(inputs, activity, inputs.images)  # or refuses
    return Prepared(given, start)


def report_of(
    asked: Evaluation,
    inputs: Inputs,
    prepared: Prepared,
    say: Say,
    *,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """The report document of an evaluation: accuracies, and what inference costs beside them."""
    data, fallback = _data(asked.request, inputs, say)
    reads = Reads()
    seen = inputs.observed(reads)
    found = _tested(asked, seen, prepared, data, tell=tell)
    record = _record(asked, inputs, prepared, data, found=found)
    record["fallback"] = fallback
    activity = _activity(seen, found)
    billed = estimated(seen, activity, inputs.images)
    head = header(inputs, asked.request, activity, None, billed=reads.keys)
    head["ablations"] = list(_departures(asked, inputs))
    head["notes"] = list(_notes(asked, inputs, record, prepared))
    made = document.build(head, billed, inputs.architecture, activity)
    return made | {"evaluation": record}


def _data(request: Request, inputs: Inputs, say: Say) -> tuple[Dataset, bool]:
    """The images, and whether they stand in for those that the network names."""
    if isinstance(request.data, Dataset):
        return fitting(request.data, inputs.network), False
    training = inputs.network.training
    source = locate(inputs.wanted, request.data)
    say(f"evaluating on {source}")
    fallback = source.dataset == training.fallback != training.dataset
    return fitting(load(source, inputs.network.input), inputs.network), fallback


# --- the rows


def rows(asked: Evaluation, inputs: Inputs) -> Iterator[Row]:
    """What is tested, each row with one non-ideality more than the one before."""
    from neurorebit.schemes.deployed.weights import RoundedWeights, weights
    from neurorebit.schemes.parts.software import DigitalWeights, SoftwareWeights
    from neurorebit.training.evaluating import Trial

    spec, device, network = inputs.architecture, inputs.device, inputs.network
    bits = spec.weight_bits
    ideal = _training(inputs, adc="ideal", conversion=asked.conversion, wires="ideal", rest=0.0)
    quiet = _varied(device, **IDEAL)
    one = Trial(network=ideal, spec=spec, device=quiet, weights=SoftwareWeights)
    yield Row(SOFTWARE, "real weights and inputs", one, random=False)
    one = replace(one, weights=RoundedWeights, digital=SoftwareWeights)
    yield Row("weights", f"{2**bits - 1} levels of {bits}-bit weights", one, random=False)
    one = replace(one, weights=weights, digital=DigitalWeights)
    yield Row("inputs", f"inputs of {spec.input_bits} bits", one, random=False)
    training = network.training
    if training.adc == "array" and (spec.holds_devices or not spec.row_by_row):
        real = _training(inputs, conversion=asked.conversion, wires="ideal", rest=0.0)
        one = replace(one, network=real)
        yield Row("converters", _converters(inputs), one, random=False)
    yield from _cells(asked, inputs, one)


def _cells(asked: Evaluation, inputs: Inputs, one: Trial) -> Iterator[Row]:
    """The rows of what cells and wires do."""
    spec, device = inputs.architecture, inputs.device
    if not spec.holds_devices:
        return
    v, quiet = device.variation, dict(IDEAL)
    written = {"d2d": v.d2d} | ({"c2c": v.c2c} if v.form == "state" else {})
    if any(written.values()):
        quiet |= written
        said = f"spread of written cells, {v.d2d:.3g} from cell to cell"
        said += f", {v.c2c:.3g} from write to write" if v.form == "state" else ""
        one = replace(one, device=_varied(device, **quiet))
        yield Row("variation", said, one, random=True)
    if v.stuck_low or v.stuck_high:
        quiet |= {"stuck_low": v.stuck_low, "stuck_high": v.stuck_high}
        one = replace(one, device=_varied(device, **quiet))
        said = f"stuck cells, {v.stuck_low:.3g} low and {v.stuck_high:.3g} high"
        yield Row("stuck", said, one, random=True)
    if v.read or (v.form == "read" and v.c2c):
        one = replace(one, device=device)
        yield Row("read", "noise of each read", one, random=True)
    random = any(getattr(one.device.variation, key) for key in IDEAL)
    if asked.wires or inputs.network.training.wires == "resistive":
        wires = wires_between_cells(inputs)
        network = one.network
        training = changed(network.training, wires="resistive")
        one = replace(one, network=replace(network, training=training), wires=wires)
        said = f"wires of {wires[0]:.3g} ohm a cell along a row, {wires[1]:.3g} along a column"
        yield Row("wires", said, one, random=random)
    for time in asked.rest:
        training = changed(one.network.training, rest=time)
        network = replace(one.network, training=training)
        drifts = random or isinstance(getattr(device.retention, "toward", ""), str)
        rested = replace(one, network=network)
        yield Row("rest", f"drift for {_time(time)}", rested, random=drifts, rest=time)


def _time(time: float) -> str:
    """A time for a reader."""
    for unit, seconds in (("years", 365.25 * 86400), ("days", 86400), ("hours", 3600)):
        if time >= seconds:
            number = f"{time / seconds:.3g}"
            return f"{number} {unit[:-1] if number == '1' else unit}"
    return f"{time:.3g} s"


def _training(inputs: Inputs, **changes: Any) -> Any:
    """The network, with other keys of its training."""
    network = inputs.network
    return replace(network, training=changed(network.training, **changes))


def _varied(device: Device, **changes: float) -> Device:
    return changed(device, variation=changed(device.variation, **changes))


def _converters(inputs: Inputs) -> str:
    spec = inputs.architecture
    if spec.row_by_row:
        return f"cells read one by one, rounded to {float(np.max(spec.cell_bits)):g} bits"
    return f"converters of {spec.forward.adc_bits} bits"


# --- the tests


class Found(NamedTuple):
    """A row and what each of its draws gave; all rows, and the classes of the images."""

    rows: list[tuple[Row, list[Tested]]]
    labels: Any


def _tested(
    asked: Evaluation,
    inputs: Inputs,
    prepared: Prepared,
    data: Dataset,
    *,
    tell: Tell | None,
) -> Found:
    from threadpoolctl import threadpool_limits

    from neurorebit.training import evaluating
    from neurorebit.training.parts.workers import Workers

    listed = list(rows(asked, inputs))
    todo = sum(asked.draws if row.random else 1 for row in listed)
    done, found = 0, []
    request = asked.request
    with threadpool_limits(1, user_api="blas"), Workers(request.threads) as workers:
        for row in listed:
            tests: list[Tested] = []
            for draw in range(asked.draws if row.random else 1):
                if tell is not None:
                    tell(Progress(done, todo, row.key))
                tests.append(
                    evaluating.test(
                        row.trial,
                        prepared.start,
                        data,
                        seed=request.seed + draw,
                        images=asked.calibration,
                        workers=workers,
                    )
                )
                done += 1
            found.append((row, tests))
        if tell is not None:
            tell(Progress(done, todo, ""))
    return Found(found, evaluating.labels(inputs.network, data))


# --- the record


def _record(
    asked: Evaluation, inputs: Inputs, prepared: Prepared, data: Dataset, *, found: Found
) -> dict[str, Any]:
    """The part ``evaluation`` of the document."""
    software = found.rows[0][1][0].classes
    listed, before = [], None
    for row, tests in found.rows:
        each = [float(np.mean(test.classes == found.labels)) for test in tests]
        mean = float(np.mean(each))
        chips, images = of_mean(each), of_share(mean * len(found.labels), len(found.labels))
        listed.append(
            {
                "key": row.key,
                "adds": row.adds,
                "rest_s": row.rest if row.key == "rest" else None,
                "draws": len(each),
                "accuracy": mean,
                "lost": None if before is None else before - mean,
                "spread": spread(each) if len(each) > 1 else None,
                "least": min(each),
                "most": max(each),
                "mean_low": chips.low if chips else None,
                "mean_high": chips.high if chips else None,
                "images_low": images.low,
                "images_high": images.high,
                "agreement": float(np.mean([np.mean(t.classes == software) for t in tests])),
                "accuracies": each,
            }
        )
        before = mean
    last = found.rows[-1][1][0]
    return {
        "schema": SCHEMA,
        "weights": described(prepared.given) | {"notes": list(prepared.start.notes)},
        "dataset": data.name,
        "data_sha256": data.sha256,
        "test_images": len(found.labels),
        "calibration_images": min(asked.calibration, len(data.train_labels)),
        "draws": asked.draws,
        "seed": asked.request.seed,
        "conversion": asked.conversion,
        "rows": listed,
        "layers": [
            {
                "name": layer.name,
                "outermost_weight": _known(layer.full),
                "rounding_error": _known(layer.error),
                "input_clip": layer.clip or None,
                "conversions": next(
                    (asdict(one)["forward"] for one in last.conversions if one.name == layer.name),
                    None,
                ),
            }
            for layer in last.layers
        ],
    }


def _known(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def _activity(inputs: Inputs, found: Found) -> Activity:
    """The activity of the estimate: densities of inputs and conductances as they were measured."""
    given = assumed(inputs.network, inputs.architecture, inputs.device)
    layers = found.rows[-1][1][0].layers
    made = tuple(
        replace(
            one,
            input_density=layer.density or one.input_density,
            conductance=layer.conductance if np.isfinite(layer.conductance) else one.conductance,
        )
        for one, layer in zip(given.layers, layers, strict=True)
    )
    source = "densities of inputs and conductances measured in the evaluation"
    if inputs.architecture.trains:
        return Activity(f"{source}; for the rest, {given.source}", made, given.origin)
    return Activity(source, made, Origin.MEASURED)


def _departures(asked: Evaluation, inputs: Inputs) -> Iterator[str]:
    """Where the evaluation departs from the chip that the estimate bills."""
    spec = inputs.architecture
    parallel = not (spec.row_by_row and spec.holds_devices) and not (
        spec.row_by_row and not spec.holds_devices
    )
    if asked.conversion == "fast" and parallel:
        yield (
            "conversion=fast: the sum of an input's bit planes was converted once; the chip "
            "converts every plane on its own"
        )
    if inputs.network.training.adc == "ideal":
        yield "adc=ideal: no converters were evaluated"
    if not spec.holds_devices and not spec.row_by_row:
        yield (
            "a weight's column of sums was converted at once; the estimate bills a conversion for "
            "each of its bits"
        )


def _notes(
    asked: Evaluation, inputs: Inputs, record: dict[str, Any], prepared: Prepared
) -> Iterator[str]:
    weights = record["weights"]
    images = f"{record['test_images']:,} test images of {record['dataset']}"
    yield f"weights of {weights['from']} (sha256 {weights['sha256'][:12]}), tested on {images}"
    if record["fallback"]:
        yield f"{inputs.network.training.dataset} was not found, so these images stand in for it"
    yield from prepared.start.notes
    chips = f"{asked.draws} chips, seeds {record['seed']} to {record['seed'] + asked.draws - 1}"
    yield (
        f"{chips if asked.draws > 1 else 'one chip'}; ranges of inputs and converters set on "
        f"{record['calibration_images']:,} training images, on each chip before it rests"
    )
