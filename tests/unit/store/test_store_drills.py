"""A part of the drills of ``python -m validation.faults store``."""

import random

from neurorebit.schema import InputError
from neurorebit.store import file, rows, select
from validation.faults import drill, store, writer


def refusal(path):
    """What reading a store says where it is refused."""
    try:
        select.find(path, select.Filter())
    except InputError as problem:
        return str(problem)
    return None


def test_writers_that_are_killed_lose_nothing_that_was_acknowledged(tmp_path):
    found = drill.Found()
    told = store._killed_writers(tmp_path, 1, random.Random(3), found)
    assert found.wrong == []
    assert told.startswith("4 writers: ")


def test_a_store_whose_bytes_were_changed_is_read_or_refused_in_one_line(tmp_path):
    whole, path, rng = tmp_path / "whole", tmp_path / "changed", random.Random(5)
    with file.writing(whole) as opened:
        for number in range(20):
            rows.save(opened, writer.made(f"{number}"))
    content, refused = whole.read_bytes(), 0
    for _ in range(60):
        changed = bytearray(content[: rng.choice((len(content), rng.randrange(len(content))))])
        for place in rng.choices(range(len(changed)), k=rng.choice((1, 30, 300))):
            changed[place] = rng.randrange(256)
        path.write_bytes(changed)
        said = refusal(path)
        refused += said is not None
        assert said is None or ("\n" not in said and "; " in said)
    assert 20 < refused < 60


def test_what_the_drills_look_for_they_see(tmp_path):
    path, found = tmp_path / "runs.sqlite", drill.Found()
    drill.save(path, "one")
    with file.writing(path) as opened:
        opened.execute("DELETE FROM figures WHERE name = 'figure3'")
    drill.check_keys(path, {"one", "two"}, found)
    assert found.wrong == ["1 records are lost: ['two']", "record one is not whole"]
    assert not found.sound
