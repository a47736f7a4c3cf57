"""An evaluation against plain loops, row by row: the labels are what the loops say."""

import numpy as np
import pytest
from oracle import cells as plain
from oracle import naive

import neurorebit as nr
from neurorebit.schema import InputError
from neurorebit.studies.statistics import of_mean, of_share, spread

INPUTS, HIDDEN, CLASSES, SEED = 14, 11, 5, 3
BITS, TOP, FULL = 3, 3, (0.9, 1.1)
ROWS, SHARED = 8, 4  # of an array, columns of a converter
NETWORK = {
    "name": "dense",
    "input": {"channels": 1, "height": 1, "width": INPUTS},
    "classes": CLASSES,
    "layers": [
        {"kind": "flatten"}, {"kind": "linear", "features": HIDDEN}, {"kind": "relu"},
        {"kind": "linear", "features": CLASSES},
    ],
    "activity": {"source": "a guess", "input_density": 0.3},
    "training": {"dataset": "digits"},
}  # fmt: skip


@pytest.fixture(scope="module")
def given():
    rng = np.random.default_rng(11)
    first = rng.normal(0, 0.4, (1, INPUTS, HIDDEN))
    second = rng.normal(0, 0.5, (1, HIDDEN, CLASSES))
    header = {"schema": 1, "network": "dense"}
    arrays = {"linear1.weight": first, "linear2.weight": second}
    arrays |= {"linear1.full": np.array(FULL[0]), "linear2.full": np.array(FULL[1])}
    from neurorebit.weights.archive import NetworkWeights

    return NetworkWeights(arrays, header)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(12)  # most pixels are black, so that classes differ
    some, dark = rng.integers(0, 256, (100, 1, INPUTS), np.uint8), rng.random((100, 1, INPUTS))
    some[dark < 0.75] = 0
    return some[:40], some[40:]


def chip(**changes):
    made = nr.chip("inference_reram").set(
        {
            "architecture.inference_arrays.rows": ROWS,
            "architecture.inference_arrays.cols": 64,
            "architecture.inference_arrays.cols_per_adc": SHARED,
            "architecture.inference_arrays.adc_bits": 4,
            "device.variation.d2d": 0.12,
            "device.variation.c2c": 0.07,
        }
    )
    return made.set(changes) if changes else made


def shares(given, device, noisy):
    """What the cells of both layers hold over the outermost level, less the reference cells."""
    found = []
    for layer, (name, full) in enumerate(zip(("linear1", "linear2"), FULL, strict=True)):
        weight = given.arrays[f"{name}.weight"][0]
        rows, cols = weight.shape
        levels = [naive.level(w, full, TOP) for w in weight.ravel()]
        if not noisy:
            found.append(np.array(levels).reshape(rows, cols) / TOP)
            continue
        held = [
            plain.directly(i, level, TOP, device, "reference", layer, 0, SEED)
            for i, level in enumerate(levels)
        ]
        count = rows * -(-cols // SHARED)
        middle = plain.references(device, count, layer, SEED, plain.FORTH, placed=False)
        found.append(np.array(plain.compared(held, (rows, cols), middle, range(rows), SHARED)))
    return found


def cuts(rows):
    return [(low, min(low + ROWS, rows)) for low in range(0, rows, ROWS)]


def steps_of(columns, weights):
    """A converter's step in each bit plane: four standard deviations are its seven codes."""
    found = []
    for bit in range(8):
        plane = (columns >> bit) % 2
        sums = [plane[:, low:high] @ weights[low:high] for low, high in cuts(len(weights))]
        found.append(4.0 * float(np.sqrt(np.mean(np.square(sums)))) / 7)
    return found


def product(columns, weights, steps):
    """Codes times weights, exact or plane by plane through converters of codes -7 to 7."""
    if steps is None:
        return columns @ weights
    return naive.bit_serial_product(columns, weights, cuts(len(weights)), steps, 7)


def classes(given, images, device, *, noisy=False, converted=False):
    """The classes of the test images, ranges set on the others."""
    calibration, tests = (some.reshape(len(some), -1).astype(int) for some in images)
    first, second = shares(given, device, noisy)
    steps = steps_of(calibration, first) if converted else None

    def hidden(codes, some):
        return np.maximum(product(codes, first, some) * (FULL[0] / 255), 0.0)

    # a first pass sets the input ranges; its converters measure their own range as they go
    clip = np.percentile(hidden(calibration, steps), 99.9)

    def coded(codes):
        return np.clip(np.floor(hidden(codes, steps) * 255 / clip + 0.5), 0, 255).astype(int)

    later = steps_of(coded(calibration), second) if converted else None
    return np.argmax(product(coded(tests), second, later), axis=1)


def found(given, images, labels, made=None):
    calibration, tests = images
    data = (calibration, np.arange(len(calibration)) % CLASSES, tests, labels)
    made = chip() if made is None else made
    return nr.evaluate(
        NETWORK, made, weights_from=given, draws=1, calibration=40, data=data, seed=SEED,
        progress=False,
    )  # fmt: skip


def device():
    from types import SimpleNamespace

    values = chip().device.values
    variation = SimpleNamespace(**values["variation"])
    return SimpleNamespace(on_off_ratio=values["on_off_ratio"], variation=variation)


@pytest.mark.parametrize(
    ("row", "how"),
    [
        (2, {}),
        (3, {"converted": True}),
        (4, {"converted": True, "noisy": True}),
    ],
)
def test_rows_on_the_chip_are_those_of_plain_loops(given, images, row, how):
    wanted = classes(given, images, device(), **how)
    made = found(given, images, wanted)
    assert made.frame["accuracy"][row] == 1.0
    others = made.frame["accuracy"].drop(row)
    assert (others < 1.0).any(), "the rows differ, or the test could not fail"


def test_software_and_levels_are_those_of_plain_products(given, images):
    tests = images[1].reshape(len(images[1]), -1) / 255.0
    first, second = (given.arrays[f"{name}.weight"][0] for name in ("linear1", "linear2"))
    wanted = np.argmax(np.maximum(tests @ first, 0.0) @ second, axis=1)
    assert found(given, images, wanted).frame["accuracy"][0] == 1.0
    one, two = shares(given, device(), noisy=False)
    wanted = np.argmax(np.maximum(tests @ one, 0.0) @ two, axis=1)
    assert found(given, images, wanted).frame["accuracy"][1] == 1.0


def test_several_cells_hold_what_one_would(given, images):
    """Without noise and converters, the digits of a weight add up to its level."""
    ideal = {"training.adc": "ideal"}
    data = (images[0], np.arange(40) % CLASSES, images[1], np.arange(60) % CLASSES)
    results = []
    for bits in (1, 2, 4, 8):
        made = chip(**{
            "architecture.weight_bits": 8, "architecture.inference_arrays.cell_bits": bits,
            "architecture.inference_arrays.cols_per_adc": 8, "device.variation.d2d": 0.0,
            "device.variation.c2c": 0.0,
        })  # fmt: skip
        net = nr.network(NETWORK).set(ideal)
        results.append(
            nr.evaluate(net, made, weights_from=given, draws=1, data=data, progress=False)
        )
    accuracies = [result.frame["accuracy"].tolist() for result in results]
    assert accuracies[0] == accuracies[1] == accuracies[2] == accuracies[3]
    assert [row["key"] for row in results[0].record["rows"]] == ["software", "weights", "inputs"]


def test_the_bits_of_a_weight_are_shared_evenly_by_its_cells(given, images):
    """A weight of 8 bits in two cells is two digits of 16 levels, whatever more a cell could hold.

    Two cells of 7 bits would have the range 2^14 of 2^8 levels, and their spread with it.
    """
    data = (images[0], np.arange(40) % CLASSES, images[1], np.arange(60) % CLASSES)
    found = []
    for bits in (4, 7):
        made = chip(**{
            "architecture.weight_bits": 8, "architecture.inference_arrays.cell_bits": bits,
            "architecture.inference_arrays.cols_per_adc": 8,
        })  # fmt: skip
        net = nr.network(NETWORK).set({"training.adc": "ideal"})
        one = nr.evaluate(net, made, weights_from=given, draws=2, data=data, progress=False)
        assert one.frame["key"].tolist()[-1] == "variation"
        found.append(one.frame[["accuracy", "agreement"]].to_numpy().tolist())
    assert found[0] == found[1]


def test_the_outermost_level_rounds_best():
    from neurorebit.schemes.deployed.weights import outermost

    weights = np.random.default_rng(5).normal(0, 0.3, 5000)

    def error(full, top):
        levels = [min(range(-top, top + 1), key=lambda j: abs(w - j * full / top)) for w in some]
        return float(
            np.mean([(w - j * full / top) ** 2 for w, j in zip(some, levels, strict=True)])
        )

    some = weights[::10]
    for top in (1, 3):
        chosen = outermost(some, top, odd=False)
        best = min(error(full, top) for full in np.linspace(0.02, 1.2, 60))
        assert error(chosen, top) <= 1.01 * best


def test_statistics_are_those_of_textbooks():
    # 5 values: mean 0.9, standard deviation 0.0158114; t(4) = 2.776445 (tables)
    values = [0.88, 0.89, 0.9, 0.91, 0.92]
    assert spread(values) == pytest.approx(0.0158114, rel=1e-5)
    low, high = of_mean(values)
    assert (low, high) == pytest.approx((0.880368, 0.919632), rel=1e-5)
    assert of_mean([0.9]) is None
    assert of_mean([0.2, 0.9]) == (0.0, 1.0)  # t of one degree of freedom is 12.7
    # Wilson's interval of 8 of 10 (Brown, Cai, DasGupta 2001): 0.4902 to 0.9433
    assert of_share(8, 10) == pytest.approx((0.4902, 0.9433), rel=1e-3)
    assert of_share(10, 10).high == pytest.approx(1.0)


def test_drift_is_a_row_for_each_time(given, images):
    drifting = chip(**{
        "device.retention.source": "a test", "device.retention.exponent": 0.03,
        "device.retention.toward": 0.0,
    })  # fmt: skip
    data = (images[0], np.arange(40) % CLASSES, images[1], np.arange(60) % CLASSES)
    made = nr.evaluate(
        NETWORK, drifting, weights_from=given, draws=2, data=data, rest=(3600.0, 86400.0),
        progress=False,
    )  # fmt: skip
    rows = made.record["rows"]
    assert [(row["key"], row["rest_s"]) for row in rows[-2:]] == [("rest", 3600), ("rest", 86400)]
    assert [row["adds"] for row in rows[-2:]] == ["drift for 1 hour", "drift for 1 day"]
    assert made.accuracy == rows[-3]["accuracy"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"draws": 0}, "draws: expected a whole number from 1"),
        ({"rest": (0.5,)}, "rest: cells drift from one second on"),
        ({"rest": (60.0,)}, "rest: TaOx/HfOx has no section 'retention'"),
        ({"weights_from": None}, "weights_from: nothing is evaluated without weights"),
    ],
)
def test_wrong_arguments_are_refused(given, change, told):
    with pytest.raises(InputError) as problem:
        nr.evaluate(NETWORK, chip(), **({"weights_from": given, "progress": False} | change))
    assert str(problem.value).startswith(told)


def test_cells_of_many_chips_spread_as_the_device_says(given):
    """Conductances over the level's, over draws: log-normal factors of two independent spreads."""
    from neurorebit.inputs.files import read_inputs
    from neurorebit.schemes.deployed.weights import weights
    from neurorebit.training.evaluating import Load
    from neurorebit.training.model import Model
    from neurorebit.training.parts.workers import Workers
    from neurorebit.weights.fitting import fit

    made = chip()
    inputs = read_inputs(
        nr.network(NETWORK).document, made.architecture.document, made.technology.document,
        made.device.document, settings=made.settings,
    )  # fmt: skip
    factors = []
    for seed in range(60):
        model = Model(
            inputs.network, inputs.architecture, inputs.device, scheme=Load(weights), seed=seed,
            workers=Workers(1), start=fit(given, inputs.network),
        )  # fmt: skip
        kept = model.matrices[0].weights.kept
        low, high = 1e-6, 1e-5  # of taox_hfox: 100 kohm and ten times as much
        target = low + (high - low) * (kept["levels"] + TOP) / (2 * TOP)
        factors.append(kept["conductance"] / target)
    found = np.array(factors)
    wanted = np.sqrt((1 + 0.12**2) * (1 + 0.07**2) - 1)
    assert found.mean() == pytest.approx(1.0, abs=4 * wanted / np.sqrt(found.size))
    assert found.std() == pytest.approx(wanted, rel=0.03)
    by_cell = found.reshape(60, -1)  # draws differ from each other as cells do
    assert by_cell.std(axis=0).mean() == pytest.approx(wanted, rel=0.05)
