"""What a user gets wrong is told in one line with file, line, key and cure; nothing is written."""

import pickle

import pytest

from neurorebit.schema import paths

SENTINEL = "from an earlier run"


@pytest.fixture
def refused(command, place):
    """Runs a command that must be refused, and returns the line it says."""
    out = place / "out"
    out.mkdir()
    (out / "report.txt").write_text(SENTINEL)

    def run(*words):
        before = sorted(path for path in place.rglob("*"))
        done = command(*words)
        assert done.code == 2
        assert done.out == ""
        assert sorted(path for path in place.rglob("*")) == before
        assert (out / "report.txt").read_text() == SENTINEL
        lines = done.err.splitlines()
        assert lines
        assert all(line.startswith("training on ") for line in lines[:-1])
        return lines[-1]

    return run


def line_of(path, start):
    return next(i for i, row in enumerate(path.read_text().splitlines(), 1) if start in row)


# --- files


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("kernel: 3", "kernal: 3", "layers[0].kernal: unknown key; did you mean 'kernel'?"),
        ("kernel: 3", "kernel: 35", "layers[0]: layer 'conv1': a 35 x 35 kernel with padding 1 "),
        ("stride: 4", "stride: four", "layers[0].stride: expected a whole number or [height, "),
        ("features: 10", "features: 11", "layers[5]: the last layer gives 11 x 1 x 1, the network"),
        ("kind: flatten", "kind: flat", "layers[4].kind: expected one of conv, "),
        ("kernel: 4", "kernel: 9", "layers[3]: layer 'max_pool1': a 9 x 9 window does not fit "),
        ("conv, channels: 6, ", "conv, ", "layers[0]: the key 'channels' is missing; add it"),
        ("batch: 32", "batch: 0", "training.batch: should be greater than or equal to 1, got '0'"),
        ("batch: 32", "batch: 32\n  batch: 16", "training.batch: given twice; keep one"),
        ("0.5, 0.25", "0.5, 1.5", "activity.input_density: must be at least 0 and at most 1, got "),
        ("0.5, 0.25", "0.5 V", "activity.input_density: expected numbers, got '0.5 V' (the unit"),
        ("{images: 80}", "{image: 80}", "training.image: unknown key; did you mean 'images'?"),
        ("recipe: quick", "recipe: slow", "recipe: unknown recipe 'slow'; the file has: quick, "),
        ("{images: 80}", "{images: 80", "not valid YAML: "),
    ],
)
def test_a_wrong_network_file(refused, place, tiny, old, new, told):
    path = place / tiny
    path.write_text(path.read_text().replace(old, new, 1))
    said = refused("run", tiny, "--out", "out")
    found, line, rest = said.split(":", 2)
    assert found == "tiny.yaml"
    assert rest.strip().startswith(told)
    if "YAML" not in told:
        assert int(line) == line_of(path, new.splitlines()[-1])


@pytest.mark.parametrize(
    ("kind", "name", "old", "new", "told"),
    [
        ("technology", "32nm", "feature: 32 nm", "feature: 32", "feature: expected a number in m"),
        ("technology", "32nm", "vdd: 0.9 V", "vdd: 9 V", "vdd: must be above 0 V and below 5 V, "),
        ("technology", "32nm", "vdd: 0.9 V", "vdd: 0.9 A", "vdd: expected a number in V, got "),
        ("technology", "32nm", "clock:", "clok:", "clok: unknown key; did you mean 'clock'?"),
        ("device", "taox_hfox", "r_on: 100 kohm", "r_on: -1 ohm", "r_on: must be above 0 ohm"),
        ("device", "taox_hfox", "form: state", "form: cell", "variation.form: expected one of "),
        ("architecture", "rebit", "adc_bits: 5", "adc_bits: 99", "apim.adc_bits: should be less "),
        ("architecture", "rebit", "adc: sar", "adc: sra", "apim.adc: expected one of sar, "),
        ("architecture", "rebit", "cols_per_adc: 8", "cols_per_adc: 7", "apim.cols_per_adc: must "),
    ],
)
def test_another_wrong_file(refused, place, tiny, mine, kind, name, old, new, told):
    file = mine(kind, name, old, new)
    said = refused("run", tiny, "--no-train", "--out", "out", f"--{kind}", file)
    assert said.startswith(f"{file}:{line_of(place / file, new)}: {told}")


@pytest.mark.parametrize("option", ["NETWORK", "--architecture", "--technology", "--device"])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ":1: expected 'key: value' lines, got none"),
        (b"\xff\xfe\x00", ": cannot be read: not a UTF-8 text file"),
        (b"a: [", ": not valid YAML: "),
        (b"- a\n", ":1: expected 'key: value' lines, got none"),
    ],
)
def test_a_file_that_is_none(refused, place, tiny, option, content, told):
    (place / "wrong.yaml").write_bytes(content)
    words = ["wrong.yaml"] if option == "NETWORK" else [tiny, option, "wrong.yaml"]
    said = refused("run", *words, "--out", "out")
    assert said.startswith("wrong.yaml")
    assert told.split(": ", 1)[1] in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nosuch.yaml"], "nosuch.yaml: no such network file; "),
        (["vgg111"], "vgg111: no such network, by path or by name; did you mean 'vgg11'? "),
        ([""], "'': no such network"),
        (["out"], "out: is a folder; give a network file, or a name "),
        (["tiny.yaml", "--architecture", "rebot"], "rebot: no such architecture, by path or by "),
        (["tiny.yaml", "--technology", "33nm"], "33nm: no such technology, by path or by name; "),
        (["tiny.yaml", "--device", "mram"], "mram: no such device, by path or by name; "),
        (
            ["tiny.yaml", "--device", "mram_intel_22nm"],
            "tech/device/mram_intel_22nm.yaml: pulses: Intel 22 nm STT-MRAM has no published ",
        ),
    ],
)
def test_a_missing_file(refused, tiny, words, told):
    assert refused("run", *words, "--no-train", "--out", "out").startswith(told)


# --- options


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--set", "technology.vdd"], "--set technology.vdd: expected KEY=VALUE"),
        (["--set", "vdd=1V"], "--set vdd=1V: a key starts with one of technology, device, "),
        (["--set", "technology.vdd=9V"], "--set technology.vdd=9V: vdd: must be above 0 V and "),
        (["--set", "technology.vdd=0.8"], "--set technology.vdd=0.8: vdd: expected a number in V"),
        (["--set", "technology.vd=1V"], "--set technology.vd=1V: vd: unknown key; did you mean "),
        (
            ["--set", "architecture.apim.adc_bits=many"],
            "--set architecture.apim.adc_bits=many: apim.adc_bits: expected a whole number, got ",
        ),
        (["--set", "network.layers[9].kernel=1"], "--set network.layers[9].kernel=1: 9: expected "),
        (["--set", "training.adc=ideel"], "--set training.adc=ideel: training.adc: expected one "),
        (["--set", "device.r_on=0ohm"], "--set device.r_on=0ohm: r_on: must be above 0 ohm"),
        (["--set", "device.r_on=[1"], "--set device.r_on=[1: not valid YAML: did not find"),
        (["--scheme", "reel"], "--scheme reel: scheme: expected one of real, "),
        (
            ["--set", "training.mapping=weight", "--set", "training.rest=10s"],
            "--set training.mapping=weight: training.mapping: drift is that of cells, ",
        ),
        (
            ["--set", "training.digital=bit_serial", "--set", "training.error_path=levels"],
            "--set training.error_path=levels: training.error_path: bit by bit errors go through ",
        ),
        (
            ["--set", "training.quantiser=no_zero", "--set", "training.edge_bits=8"],
            "--set training.quantiser=no_zero: training.quantiser: no_zero levels of 8 bits: ",
        ),
        (
            ["--set", "device.variation.stuck_low=0.7", "--set", "device.variation.stuck_high=0.7"],
            "--set device.variation.stuck_high=0.7: variation.stuck_high: more cells are stuck ",
        ),
        (["--checkpoint", "tiny.yaml"], "--checkpoint tiny.yaml: cannot be written: "),
        (["--recipe", "slow"], "tiny.yaml:1: unknown recipe 'slow'; the file has: quick, paper"),
        (["--epochs", "0"], "--epochs: expected a whole number from 1 to 1000000, got '0'; see "),
        (["--epochs", "1.5"], "--epochs: expected a whole number from 1 to 1000000, got '1.5'; "),
        (["--images", "-3"], "--images: expected "),
        (["--seed", "-1"], "--seed: expected a whole number from 0 to 4294967295, got '-1'; see "),
        (["--threads", "0"], "--threads: expected a whole number from 1 to 1024, got '0'; see "),
        (["--out", ""], "--out: expected a folder, got nothing; see "),
        (["--data", "x", "--no-train"], "--data and --no-train: nothing is trained; drop one"),
        (["--resume", "--no-train"], "--resume and --no-train: nothing is trained; drop one"),
        (["--stop-after", "soon"], "--stop-after: expected a number of seconds from 0 up, got 's"),
        (
            ["--epochs", "2", "--set", "training.epochs=3"],
            "--set training.epochs=3 and --epochs 2:",
        ),
        (["--epoch", "2"], "unrecognized arguments: --epoch 2; see 'neurorebit --help'"),
        (["--weights", "real"], "--weights is called --scheme now"),
        (["--weights=real"], "--weights is called --scheme now"),
        (["--out"], "--out: expected one argument; see 'neurorebit run --help'"),
    ],
)
def test_a_wrong_option(refused, tiny, words, told):
    given = [] if "--out" in words else ["--out", "out"]
    assert refused("run", tiny, *given, *words).startswith(told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the following arguments are required: COMMAND; see 'neurorebit --help'"),
        (["rum"], "COMMAND: invalid choice: 'rum' (choose from "),
        (["run"], "the following arguments are required: NETWORK; see 'neurorebit run --help'"),
        (["show"], "the following arguments are required: NAME; "),
        (["show", "nosuch"], "nosuch: no such file and no such name ("),
        (["compare", "out"], "the following arguments are required: RUN; "),
        (["compare", "out", "out"], "out/report.json: cannot be read: No such file or directory; "),
        (
            ["compare", "out", "out", "--tolerance", "-1"],
            "--tolerance: expected a share such as 0.05 or 5%",
        ),
        (["compare", "out", "out", "--tolerance", "nan"], "--tolerance: expected a share such "),
        (
            ["compare", "out/report.txt", "out"],
            "out/report.txt:1: not JSON: Expecting value; name the folder",
        ),
        (["data"], "the following arguments are required: ACTION; "),
        (["data", "fetch"], "the following arguments are required: DATASET; "),
        (["data", "fetch", "digits"], "digits: no such data set; choose from cifar10"),
    ],
)
def test_a_wrong_command(refused, words, told):
    assert refused(*words).startswith(told)


# --- data and output


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / "data_batch_3").unlink(), "data_batch_3: missing from the data"),
        (
            lambda folder: (folder / "data_batch_2").write_bytes(b"\x80"),
            "data_batch_2: ",
        ),
        (
            lambda folder: (folder / "test_batch").write_bytes(
                (folder / "test_batch").read_bytes()[:500]
            ),
            "test_batch: ",
        ),
        (
            lambda folder: (folder / "data_batch_1").write_bytes(pickle.dumps({b"labels": [1]})),
            "data_batch_1: expected 'data' (an array) and 'labels' (a list); ",
        ),
    ],
)
def test_a_damaged_data_set(refused, tiny, data, tmp_path, damage, told):
    folder = tmp_path / "data" / "cifar-10-batches-py"
    damage(folder)
    said = refused("run", tiny, "--data", data, "--out", "out")
    assert said.startswith(f"{folder}/{told}")
    assert "neurorebit data fetch cifar10" in said


def test_a_data_folder_without_data(refused, tiny, place):
    said = refused("run", tiny, "--data", "out", "--out", "out")
    assert said.startswith("--data out: no cifar-10-batches-py there; ")


def test_a_network_that_the_data_do_not_fit(refused, place, tiny):
    text = (place / tiny).read_text().replace("classes: 10", "classes: 12")
    (place / tiny).write_text(text.replace("features: 10", "features: 12"))
    assert refused("run", tiny, "--out", "out").startswith("the network has 12 classes, ")


def test_an_output_that_cannot_be_written_is_told_before_training(refused, tiny, data, place):
    (place / "file").write_text("x")
    said = refused("run", tiny, "--data", data, "--out", "file/below")
    assert said.startswith("--out file/below: cannot be written: ")
    assert (place / "file").read_text() == "x"


def test_a_chip_that_cannot_be_built_is_told_before_training(refused, tiny, data):
    # a column of a few ohms needs more current than any multiplexer of this pitch can pass
    said = refused("run", tiny, "--data", data, "--out", "out", "--set", "device.r_on=10 ohm")
    assert "cannot be built" in said
    # its access transistor is wider than the cell
    said = refused("run", tiny, "--data", data, "--out", "out", "--device", "gst_pcm")
    assert "cannot be built" in said
    assert said.endswith("--set device.cell.width above 4 (tech/device/gst_pcm.yaml)")


def test_nothing_in_the_shipped_files_is_touched(refused, tiny):
    before = {kind: paths.names(kind) for kind in paths.FOLDERS}
    refused("run", tiny, "--set", "technology.vdd=9V")
    assert before == {kind: paths.names(kind) for kind in paths.FOLDERS}
