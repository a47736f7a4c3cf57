"""The other commands, and the program as a process: imports, signals, pipes, progress."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import neurorebit
from neurorebit import __main__ as program
from neurorebit.commands import progress
from neurorebit.schema import paths
from neurorebit.schema.training import Step

HEAVY = ("numba", "scipy", "sklearn", "matplotlib", "pandas", "torch", "tqdm", "threadpoolctl")
ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def process(*words, **options):
    """The program in a process of its own, in an empty environment but for what Python needs."""
    return subprocess.Popen(
        [sys.executable, "-m", "neurorebit", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


# --- fit


def trains(first=1):
    """Measured pulse trains: one cell, ten pulses up and ten down."""
    lines = ["cell,cycle,direction,pulse,conductance_S"]
    for name, ends in (("ltp", range(first, 12)), ("ltd", range(11, first - 1, -1))):
        lines += [f"a,1,{name},{pulse},{g}e-6" for pulse, g in enumerate(ends)]
    return "\n".join(lines) + "\n"


def test_measured_trains_become_a_device_that_runs(command, tiny, place, rendered):
    (place / "mine.csv").write_text(trains())
    told = command("fit", "mine.csv", "--voltage", "1.6V,1.4V", "--width", "50ns")
    assert (told.code, told.err) == (0, "")
    assert "11 uS" in told.out
    assert told.out.endswith("written to mine.yaml, with a picture in mine.png\n")
    assert (place / "mine.png").stat().st_size > 1000
    shown = command("show", "mine.yaml").out
    assert re.search(r"voltage_ltd +1.4 V", shown)
    assert re.search(r"width_ltd +50 ns", shown)
    assert command("run", tiny, "--no-train", "--device", "mine.yaml", "--out", "a").code == 0


@pytest.mark.parametrize(
    ("words", "volts", "seconds", "origin"),
    [
        ([], "3.65 V", "75 ns", "voltages and widths assumed as for HZO FeFET"),
        (["--width", "2us"], "3.65 V", "2 us", "widths as given, voltages assumed as for HZO"),
        (["--voltage", "2V"], "2 V", "75 ns", "voltages as given, widths assumed as for HZO"),
    ],
)
def test_pulses_that_are_not_told_are_assumed_and_said(
    command, place, words, volts, seconds, origin
):
    (place / "mine.csv").write_text(trains())
    told = command("fit", "mine.csv", "--like", "hzo_fefet", *words)
    assert (told.code, told.err) == (0, "")
    assert origin in told.out
    shown = command("show", "mine.yaml").out
    assert re.search(rf"voltage_ltp +{volts}", shown)
    assert re.search(rf"width_ltp +{seconds}", shown)
    assert origin in (place / "mine.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--voltage", "1V", "--like", "reram_intel_22nm"], "--width: expected one, for reram_in"),
        (["--like", "reram_intel_22nm"], "--voltage: expected one, for reram_intel_22nm has no "),
        (
            ["--voltage", "1.6", "--width", "1ns"],
            "--voltage: expected one quantity in V above 0, or one ",
        ),
        (
            ["--voltage", "1V,2V,3V", "--width", "1ns"],
            "--voltage: expected one quantity in V above 0, ",
        ),
        (["--voltage", "-1V", "--width", "1ns"], "--voltage: expected one "),
        (["--voltage", "1V", "--width", "1ns", "--like", "taox"], "taox: no such device"),
        (["--voltage", "1V", "--width", "1ns"], "mine.csv: pulse: 0 pulses of ltp, expected 5"),
    ],
)
def test_what_cannot_be_fitted_is_told_in_one_line(command, place, words, told):
    (place / "mine.csv").write_text(trains(first=11))
    found = command("fit", "mine.csv", *words)
    assert found.code == 2
    assert found.err.startswith(told)
    assert found.err.count("\n") == 1
    assert not (place / "mine.yaml").exists()


# --- compare, show, data, help


def test_runs_are_compared_by_their_folders(command, tiny, place):
    command("run", tiny, "--no-train", "--out", "a")
    command("run", tiny, "--no-train", "--out", "b", "--set", "device.cell.read_voltage=505mV")
    same = command("compare", "a", "a/report.json")
    assert (same.code, same.err) == (0, "")
    assert same.out == "no difference (timings are not compared)\n"
    other = command("compare", "a", "b")
    assert other.code == 1
    assert "inputs.device.values.cell.read_voltage" in other.out
    assert "phases.forward.energy_J" in other.out
    assert "chip.utilization" not in other.out  # a voltage fills no other cells
    assert "utilization" in (place / "a" / "report.json").read_text()
    assert command("compare", "a", "b", "--tolerance", "0.5").code == 0
    assert command("compare", "a", "b", "--tolerance", "1e-6").code == 1
    assert len(command("compare", "a", "b", "--all").out.splitlines()) > len(other.out.splitlines())


def test_runs_of_different_networks_can_be_compared(command, place):
    for name in ("mlp", "lenet5"):
        command("run", name, "--no-train", "--out", name)
    done = command("compare", "mlp", "lenet5", "--tolerance", "0.9", "--all")
    assert done.code == 1
    assert "layers[conv1].macs" in done.out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("vgg11", ["152,769,536", "conv8", "recipe paper"]),
        ("32nm", ["feature", "32 nm", "PTM"]),
        ("taox_hfox", ["100 kohm", "g_max", "10 uS"]),
        ("rebit", ["adc_bits", "3.9 pJ/bit", "levels"]),
    ],
)
def test_a_file_is_shown(command, name, words):
    done = command("show", name)
    assert (done.code, done.err) == (0, "")
    for word in words:
        assert word in done.out


def test_data_is_fetched_to_where_it_is_asked_for(command, place, monkeypatch):
    asked = []

    def fetch(name, target, progress):
        asked.append((name, str(target)))
        progress(0, None)
        progress(10, 20)
        return target / "cifar-10-batches-py"

    monkeypatch.setattr("neurorebit.commands.data.fetch", fetch)
    done = command("data", "fetch", "cifar10", "--data", "here")
    assert (done.code, done.out) == (0, "cifar10 is in here/cifar-10-batches-py\n")
    assert asked == [("cifar10", "here")]


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["data", "fetch", "--help"]])
def test_help_is_given(words, capsys):
    with pytest.raises(SystemExit) as ended:
        program.main(words)
    assert ended.value.code == 0
    assert "usage: neurorebit" in capsys.readouterr().out


@pytest.mark.parametrize("name", program.COMMANDS)
def test_every_command_has_options_and_a_line_in_the_guide(name, capsys):
    with pytest.raises(SystemExit) as ended:
        program.main([name, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: neurorebit {name} ")
    assert f"| `neurorebit {name}` |" in TEXT


def test_a_mistaken_command_is_told_the_right_ones(capsys):
    assert program.main(["nods", "vgg11"]) == 2
    assert "'nodes'" in capsys.readouterr().err


# --- as a process


def test_the_version_is_told():
    with process("--version") as run:
        out, err = run.communicate()
    assert (run.returncode, out, err) == (0, f"neurorebit {neurorebit.__version__}\n", "")


def test_an_estimate_loads_nothing_heavy(place):
    code = (
        "import sys; from neurorebit.__main__ import main; "
        "code = main(['run', 'vgg11', '--no-train']); "
        f"print(sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_a_mistake_leaves_no_traceback(place):
    with process("run", "mlp", "--set", "technology.vdd=9V") as run:
        out, err = run.communicate()
    assert (run.returncode, out) == (2, "")
    told = "--set technology.vdd=9V: vdd: must be above 0 V and below 5 V, got 9V"
    assert err == f"{told}; take a value within the bounds\n"


def test_ctrl_c_keeps_what_was_reached(place, tiny, data):
    words = ("run", tiny, "--data", data, "--epochs", "100000", "--threads", "1")
    with process(*words) as run:
        for line in run.stderr:
            if line.startswith("epoch 1: "):
                break
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "written to reports/tiny: report.txt" in err.splitlines()[-1]
    assert "Traceback" not in err
    assert re.search(
        r"^- INTERRUPTED in epoch \d+ of 100000; resume goes on from the checkpoint$",
        out,
        re.MULTILINE,
    )
    assert (place / "reports" / "tiny" / "report.json").is_file()


def test_a_reader_that_has_seen_enough_is_no_error(place):
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [sys.executable, "-m", "neurorebit", "run", "mlp", "--no-train"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        os.close(writing)
        _, err = run.communicate()
    assert (run.returncode, err) == (0, "")
    assert (place / "reports" / "mlp" / "report.json").is_file()


def test_a_training_goes_on_where_nobody_reads_its_progress(place, tiny, data):
    reading, writing = os.pipe()
    os.close(reading)
    words = ["run", tiny, "--data", data, "--epochs", "2", "--out", "unread"]
    with subprocess.Popen(
        [sys.executable, "-m", "neurorebit", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=writing,
    ) as run:
        os.close(writing)
    assert run.returncode == 0
    assert (place / "unread" / "report.json").is_file()


# --- progress


def test_on_a_terminal_a_bar_tells_rate_loss_and_time_left(capsys):
    bar = progress.Bar()
    bar(Step(1, 100, 1000, 2.3, 50.0))
    bar(Step(2, 1000, 1000, 1.25, 60.0))
    bar.close()
    told = capsys.readouterr().err
    assert "epoch 2" in told
    assert "1000/1000 images" in told
    assert "60 images/s, loss 1.250" in told
    assert "left" in told


def test_without_a_terminal_a_line_tells_each_epoch(capsys):
    lines = progress.Lines()
    for epoch, done, loss in ((1, 10, 3.0), (1, 20, 2.0), (2, 30, 1.5), (2, 35, 1.0)):
        lines(Step(epoch, done, 40, loss, 9.0))
    lines.close()
    assert capsys.readouterr().err.splitlines() == [
        "epoch 1: 20 of 40 images, loss 2.0000, 9 images/s",
        "epoch 2: 35 of 40 images, loss 1.0000, 9 images/s",
    ]


def test_a_run_without_training_shows_no_progress(capsys):
    for shown in (progress.Bar(), progress.Lines()):
        shown.close()
    assert capsys.readouterr().err == ""


def test_a_long_download_tells_how_far_it_is(capsys):
    with progress.Download(every=0.0) as tell:
        tell(1_000_000, 4_000_000)
        tell(2_000_000, None)
    assert capsys.readouterr().err.splitlines() == ["1 MB of 4 MB", "2 MB"]


# --- what README and guide say


EXAMPLES = tuple(f"neurorebit {words}" for words in ("run vgg11", "nodes", "fit"))


def examples():
    lines = [line.split("#")[0].strip() for line in TEXT.splitlines()]
    return list(dict.fromkeys(line for line in lines if line.startswith(EXAMPLES)))


@pytest.mark.parametrize("line", examples())
def test_the_examples_of_the_guide_work(command, place, line):
    shutil.copy(paths.shipped("technology", "22nm"), place / "my_22nm.yaml")
    (place / "DATA.csv").write_text(trains())
    (place / "mapping.yaml").write_text(
        "architecture.mapping.layers: [{layer: conv1, copies: 2}]\n"
    )
    shutil.copytree(ROOT / "examples", place / "examples")
    if " fit " not in line:
        shutil.copy(paths.shipped("device", "epiram"), place / "DATA.yaml")
    words = shlex.split(re.sub(r" --resume| --stop-after \d+", "", line))[1:]  # are of training
    words += [] if "--no-train" in words or words[0] != "run" else ["--no-train"]
    assert command(*words).code == 0


def test_the_guide_has_examples():
    assert len(examples()) >= 5
