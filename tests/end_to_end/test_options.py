"""Options that several commands share: settings of a file, quiet, threads, tolerances, examples."""

import json
import shlex
import subprocess
from importlib import import_module

import pytest

from neurorebit import __main__ as program
from neurorebit.commands import options
from neurorebit.commands.words import command_line


def report(folder):
    return json.loads((folder / "report.json").read_text())


# --- settings of a file


OVERLAY = """\
technology:
  vdd: 1.0 V
architecture.apim:
  adc_bits: 6
network:
  layers[0].channels: 12
  activity: {input_density: "0.4, 0.3"}
"""
SAME = (
    "--set", "technology.vdd=1.0 V", "--set", "architecture.apim.adc_bits=6",
    "--set", "network.layers[0].channels=12", "--set", "network.activity.input_density=0.4, 0.3",
)  # fmt: skip


def test_a_file_of_settings_is_as_good_as_options(command, tiny, place):
    (place / "mine.yaml").write_text(OVERLAY)
    assert command("run", tiny, "--no-train", "--settings", "mine.yaml", "--out", "a").code == 0
    assert command("run", tiny, "--no-train", *SAME, "--out", "b").code == 0
    by_file, by_options = report(place / "a"), report(place / "b")
    assert by_file["overrides"] == [
        "technology.vdd=1.0 V (mine.yaml:2)",
        "architecture.apim.adc_bits=6 (mine.yaml:4)",
        "network.layers[0].channels=12 (mine.yaml:6)",
        "network.activity.input_density=0.4, 0.3 (mine.yaml:7)",
    ]
    assert by_file["command"] == by_options["command"]
    for key in ("chip", "phases", "totals", "inputs"):
        assert by_file[key] == by_options[key]
    again = shlex.split(by_file["command"])[1:]
    assert command(*again, "--out", "c").code == 0
    assert report(place / "c")["phases"] == by_file["phases"]


@pytest.mark.parametrize("name", ["sweep", "nodes"])
def test_other_commands_take_a_file_of_settings(command, tiny, place, name):
    (place / "mine.yaml").write_text("architecture.apim.adc_bits: 6\n")
    words = ("--axis", "technology.vdd=1V") if name == "sweep" else ("--technology", "22nm")
    by_file = command(name, tiny, *words, "--settings", "mine.yaml")
    assert by_file.code == 0
    assert by_file.out == command(name, tiny, *words, "--set", "architecture.apim.adc_bits=6").out


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        ("technology:\n  vdd: 9 V\n", (), "mine.yaml:2: vdd: must be above 0 V and below 5 V"),
        ("technology:\n  vd: 1 V\n", (), "mine.yaml:2: vd: unknown key; did you mean 'vdd'?"),
        ("\ntecnology.vdd: 1 V\n", (), "mine.yaml:2: a key starts with one of technology, "),
        ("technology: 22nm\n", (), "mine.yaml:1: technology has keys below it; name one of them, "),
        ("technology: {}\n", (), "mine.yaml:1: technology"),
        ("device.cell: {}\n", (), "mine.yaml:1: device.cell: has no value"),
        (
            "technology.vdd: 1 V\ntechnology:\n  vdd: 1 V\n",
            (),
            "mine.yaml:3 and mine.yaml:1: technology.vdd: the same key twice; keep one",
        ),
        (
            "technology.vdd: 1 V\n",
            ("--set", "technology.vdd=1V"),
            "--set technology.vdd=1V and mine.yaml:1: the same key twice; keep one",
        ),
        ("- a list\n", (), "mine.yaml:1: expected 'key: value' lines"),
        ("a: [1\n", (), "mine.yaml:2: not valid YAML"),
    ],
)
def test_what_is_wrong_in_a_file_of_settings_is_told_with_its_line(
    command, tiny, place, text, words, told
):
    (place / "mine.yaml").write_text(text)
    done = command("run", tiny, "--no-train", "--settings", "mine.yaml", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(told)
    assert done.err.count("\n") == 1


def test_a_file_of_settings_that_is_not_there_is_named(command, tiny):
    done = command("run", tiny, "--no-train", "--settings", "none.yaml")
    assert (done.code, done.err.split(":")[0]) == (2, "none.yaml")


# --- quiet, threads, tolerance, examples


def test_quiet_says_only_where_results_are(command, tiny, data, place):
    words = ("--data", data, "--epochs", "1", "--quiet", "--out")
    done = command("run", tiny, *words, "one")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("written to one: report.txt")
    assert done.out.count("\n") == 1
    done = command("schemes", tiny, "--schemes", "real", *words, "two")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("written to two: ")
    assert done.out.count("\n") == 1
    axis = ("--axis", "technology.vdd=1V", "--quiet", "--out", "all.csv")
    assert command("sweep", tiny, *axis).out == "written to all.csv\n"
    assert "1 designs" in command("sweep", tiny, *axis[:3]).out


def test_threads_are_no_more_than_processors(command, tiny, data, monkeypatch, place):
    monkeypatch.setattr(options, "_processors", lambda: 2)
    words = ("run", tiny, "--data", data, "--epochs", "1", "--out", "a", "--replace", "--threads")
    done = command(*words, "64")
    assert done.code == 0
    note = "--threads 64: 2 are used, one for each processor that may be used"
    assert done.err.splitlines()[0] == note
    assert "--threads" not in command(*words, "2").err


@pytest.mark.parametrize(
    ("text", "code"), [("5%", 0), ("0.05", 0), ("5 %", 0), ("1e-9", 1), ("0.001%", 1)]
)
def test_a_tolerance_may_be_in_per_cent(command, tiny, place, text, code):
    command("run", tiny, "--no-train", "--out", "a")
    changed = ("--set", "device.cell.read_voltage=501mV")
    command("run", tiny, "--no-train", "--out", "b", *changed)
    assert command("compare", "a", "b", "--tolerance", text).code == code


@pytest.mark.parametrize("text", ["five", "5V", "-1%", "", "1,2"])
def test_a_tolerance_that_is_none_is_refused(command, text):
    done = command("compare", "a", "b", f"--tolerance={text}")
    assert done.code == 2
    assert done.err.startswith(f"--tolerance: expected a share such as 0.05 or 5%, got '{text}'")


@pytest.mark.parametrize("name", program.COMMANDS)
def test_help_has_examples_that_can_be_read(name, capsys):
    """Each is a command line that the options take."""
    with pytest.raises(SystemExit):
        program.main([name, "--help"])
    shown = capsys.readouterr().out
    examples = import_module(f"neurorebit.commands.{name}").EXAMPLES
    assert examples
    for line in examples:
        assert f"\n  {line}\n" in shown
        words = shlex.split(line.split(" >")[0])
        assert words[:2] == ["neurorebit", name]
        program.parser_of(words[1:]).parse_args(words[1:])


def test_a_setting_of_a_file_is_written_down_as_an_option(tmp_path):
    from neurorebit.inputs.settings import read_settings
    from neurorebit.studies.request import Request

    path = tmp_path / "mine.yaml"
    path.write_text("network.layers: [{kind: flatten}, {kind: linear, features: '10'}]\n")
    request = Request("mlp", settings=tuple(read_settings(path)), train=False)
    words = shlex.split(command_line(request))
    assert words[3:5] == [
        "--set",
        "network.layers=[{kind: flatten}, {features: '10', kind: linear}]",
    ]


# --- completion


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["neurorebit", "sch"], {"schemes"}),
        (["neurorebit", "run", "vgg1"], {"vgg11", "vgg11_wage", "vgg16"}),
        (["neurorebit", "run", "mlp", "--no-t"], {"--no-train"}),
        (["neurorebit", "sweep", "mlp", "--architecture", "re"], {"rebit", "reram"}),
        (["neurorebit", "nodes", "mlp", "--device", "epi"], {"epiram"}),
        (["neurorebit", "fit", "mine"], {"mine.csv"}),
    ],
)
def test_a_shell_completes_commands_options_names_and_files(command, place, line, expected):
    script = command("completion", "bash").out
    (place / "mine.csv").write_text("")
    words = " ".join(map(shlex.quote, line))
    asked = f"COMP_WORDS=({words}); COMP_CWORD={len(line) - 1}; _neurorebit; "
    asked += 'printf "%s\\n" "${COMPREPLY[@]}"'
    bash = ["bash", "--norc", "-c", f"{script}{asked}"]
    done = subprocess.run(bash, capture_output=True, text=True, check=True)
    assert (set(done.stdout.split()), done.stderr) == (expected, "")


def test_zsh_completes_by_the_same_script(command):
    bash, zsh = command("completion", "bash").out, command("completion", "zsh").out
    assert zsh.endswith(bash)
    assert "bashcompinit" in zsh.removesuffix(bash)
    assert command("completion", "fish").code == 2
