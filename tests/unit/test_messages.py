"""Messages: what an error carries, who knows options, and that no code decides by a text."""

import ast
import re
from pathlib import Path

import pytest
from house import House, nodes, of_each

import neurorebit
from neurorebit.commands.words import Given, command_line, spell
from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.schema import Argument, File, InfeasibleError, InputError, Line, Setting, paths
from neurorebit.studies.request import Request, python_call

HOUSE = House(Path(neurorebit.__file__).parent)
BELOW = [m for m in HOUSE.modules if m.split(".")[0] not in ("commands", "__main__")]
OPTION = re.compile(r"(?<![\w-])--[a-z]")


def caught(do):
    with pytest.raises(InputError) as problem:
        do()
    return problem.value


# --- what an error carries


def test_an_error_of_a_file_carries_its_parts(tmp_path):
    path = tmp_path / "mine.yaml"
    text = paths.shipped("device", "taox_hfox").read_text()
    path.write_text(text.replace("r_on: 100 kohm", "r_onn: 100 kohm"))
    line = next(i for i, row in enumerate(path.read_text().splitlines(), 1) if "r_onn" in row)
    error = caught(lambda: read_inputs("mlp", device=str(path)))
    assert isinstance(error, ValueError)
    assert (error.file, error.line, error.key) == (str(path), line, "r_onn")
    assert (error.value, error.cure) == ("100 kohm", "did you mean 'r_on'?")
    assert str(error) == f"{path}:{line}: r_onn: unknown key; did you mean 'r_on'?"


def test_an_error_of_a_setting_names_where_it_came_from():
    label = Given("--vdd", "9V")
    for setting, shown in (
        (parse_setting("technology.vdd=9V"), "technology.vdd=9V"),
        (Setting("technology.vdd", "9V", label), "--vdd 9V"),
    ):
        error = caught(lambda setting=setting: read_inputs("mlp", settings=[setting]))
        assert (error.file, error.line, error.key, error.value) == (None, None, "vdd", "9V")
        assert str(error).startswith(f"{shown}: vdd: must be above 0 V and below 5 V, got 9V")


def test_an_error_of_an_argument_names_it():
    error = caught(lambda: read_inputs("mlp", technology="32nm", settings=TWICE))
    assert str(error) == "technology 32nm and architecture.technology=22nm: the same choice twice" \
        "; keep one"  # fmt: skip
    assert error.text(spell).startswith("--technology 32nm and architecture.technology=22nm: ")
    named = InputError("expected a folder", origin=Argument("out", "x"))
    assert (named.argument, named.file) == ("out", None)


TWICE = [parse_setting("architecture.technology=22nm")]


def test_an_error_is_one_line_whatever_it_holds():
    error = InputError("a\nb", origin=File("c\nd"), key="e", value="f\ng", cure="h\ni")
    assert str(error) == "c d: e: a b; h i"
    assert str(InfeasibleError(("a\n", "b"), cure="c\nd")) == "a b; c d"


def test_an_error_may_be_seen_from_elsewhere():
    inner = InputError("no such device", origin="mram", value="mram", cure="give another")
    outer = inner.seen_from(Line("mine.yaml", 3), "device")
    assert str(outer) == "mine.yaml:3: device: mram: no such device; give another"
    assert (outer.file, outer.line, outer.key, outer.value) == ("mine.yaml", 3, "device", "mram")


# --- who knows options


@pytest.mark.parametrize(
    ("argument", "shown", "option"),
    [
        (Argument("out", "x.csv"), "out x.csv", "--out x.csv"),
        (Argument("resume"), "resume", "--resume"),
        (Argument("checkpoint_every", 3), "checkpoint_every 3", "--checkpoint-every 3"),
        (Argument("axes", "a.b=1"), "axes a.b=1", "--axis a.b=1"),
        (Argument("settings", "a.b"), "settings a.b", "--set a.b"),
        (Argument("technologies", "22nm"), "technologies 22nm", "--technology 22nm"),
        (Argument("network", "mlp"), "network mlp", "mlp"),
    ],
)
def test_the_command_line_writes_arguments_as_options(argument, shown, option):
    assert (str(argument), spell(argument)) == (shown, option)
    error = InputError(("drop ", argument), cure=("or give another ", argument))
    assert str(error) == f"drop {shown}; or give another {shown}"
    assert error.text(spell) == f"drop {option}; or give another {option}"


def test_a_run_is_written_as_a_command_or_as_a_call():
    settings = (
        Setting("training.epochs", "3", Given("--epochs", "3")),
        Setting("technology.vdd", "0.8 V"),
    )
    request = Request("mlp", device="epiram", settings=settings, seed=2, train=False, threads=4)
    assert command_line(request) == (
        "neurorebit run mlp --device epiram --epochs 3 --set 'technology.vdd=0.8 V' --seed 2 "
        "--no-train"
    )
    assert python_call(request) == (
        "run(network='mlp', device='epiram', settings=['training.epochs=3', "
        "'technology.vdd=0.8 V'], train=False, seed=2)"
    )


def docstrings(found):
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef)
    held = (node for node in found if isinstance(node, holders))
    return {id(node.body[0].value) for node in held if ast.get_docstring(node) is not None}


@of_each(BELOW)
def test_no_text_below_the_commands_holds_an_option(module):
    found = nodes(HOUSE.modules[module])
    told = docstrings(found)
    for node in found:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            assert not OPTION.search(node.value), f"{module}:{node.lineno}: {node.value}"


def texts_of_exceptions(found):
    """``str(problem)`` for every name that an ``except`` binds, where it is looked into."""
    bound = {h.name for h in found if isinstance(h, ast.ExceptHandler) and h.name}

    def is_text(node):
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "str"
            and any(isinstance(arg, ast.Name) and arg.id in bound for arg in node.args)
        )

    for node in found:
        if isinstance(node, ast.Compare) and any(map(is_text, (node.left, *node.comparators))):
            yield node
        one_line = ("split", "splitlines")  # to make one line of it
        if isinstance(node, ast.Attribute) and is_text(node.value) and node.attr not in one_line:
            yield node
        if isinstance(node, ast.Assign) and is_text(node.value):
            yield node
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            module = node.func.value
            if isinstance(module, ast.Name) and module.id == "re" and any(map(is_text, node.args)):
                yield node


@of_each(HOUSE.modules)
def test_nothing_is_decided_by_the_text_of_an_error(module):
    found = texts_of_exceptions(nodes(HOUSE.modules[module]))
    assert [node.lineno for node in found] == []


def test_the_searches_find_what_they_look_for():
    code = (
        "try:\n  x\nexcept E as p:\n  if 'a' in str(p): pass\n  t = str(p)\n  str(p).replace(1)\n"
    )
    assert len(list(texts_of_exceptions(list(ast.walk(ast.parse(code)))))) == 3
    assert OPTION.search("give --out")
    assert not OPTION.search("a -- b")
