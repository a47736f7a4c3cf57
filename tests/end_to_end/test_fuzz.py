"""Mutated inputs of all kinds through the commands: an exit code, one plain line, nothing left.

``python -m validation.faults inputs`` takes thousands of them.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurorebit.__main__ import main
from validation.faults import inputs
from validation.faults.kinds import KINDS, case, option
from validation.faults.mutation import in_archive, in_json, mutated

FORGED = "checkpoint"  # is refused as it is
QUICK = [name for name, kind in KINDS.items() if not kind.trains]


def put(place):
    def written(name, content):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)

    return written


def sound(words):
    """Whether a command ended as it should."""
    found = inputs.Found()
    inputs.judge(found, "one", *inputs.ended(words), " ".join(words))
    assert found.sound, found.wrong


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_mutated_is_sound_before(kind, place, capsys):
    for name, content in KINDS[kind].files.items():
        put(place)(name, content)
    code = main(list(KINDS[kind].words))
    assert code in ((2,) if kind == FORGED else (0, 1)), capsys.readouterr().err


@pytest.mark.parametrize("kind", QUICK)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_mutated_file(kind, seed, place):
    sound(case(KINDS[kind], seed, put(place)))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_mutated_option(seed, place):
    sound(option(seed))


def test_a_fault_is_seen():
    """A traceback's exit code, a raw character, a second line: each is counted."""
    for code, out, err in (
        (70, "", "x"),
        (0, "\x1b[31m", ""),
        (2, "", "one\ntwo\n"),
        ("E", "", ""),
    ):
        found = inputs.Found()
        inputs.judge(found, "one", code, out, err, "")
        assert not found.sound
    found = inputs.Found()
    inputs.judge(found, "one", 2, "", "x: is wrong\n", "")
    assert found.sound
    assert found.without_cure["one"] == 1


def test_a_mutation_follows_from_its_seed():
    for kind, change in (("network", mutated), ("reports", in_json), ("weights", in_archive)):
        raw = KINDS[kind].content
        assert change(raw, 3) == change(raw, 3)
        assert len({change(raw, seed) for seed in range(20)}) > 15
