"""A file of the user's is never replaced by output of another kind."""

import pytest

ROW = "a,1,{way},{pulse},{value:.4g}\n"


@pytest.fixture
def pulses(place):
    """Pulse trains up and down, without noise."""
    lines = [
        ROW.format(way=way, pulse=n, value=1e-6 * (1 + (n if way == "ltp" else 8 - n)))
        for way in ("ltp", "ltd")
        for n in range(9)
    ]
    (place / "d.csv").write_text("cell,cycle,direction,pulse,conductance_S\n" + "".join(lines))
    return "d.csv"


def test_a_fit_replaces_its_own_picture_and_no_other(command, place, pulses):
    words = ("fit", pulses, "--voltage", "1V", "--width", "50ns")
    (place / "d.png").write_text("picture")
    done = command(*words)
    assert (done.code, done.err) == (
        2,
        "--out d.png: is there, and not made by fit; name another file\n",
    )
    assert (place / "d.png").read_text() == "picture"
    assert not (place / "d.yaml").exists()
    (place / "d.png").unlink()
    assert [command(*words).code for _ in range(2)] == [0, 0]


def test_a_sweep_replaces_its_own_table_and_no_other(command, place, tiny):
    (place / "designs.csv").write_text("technology.vdd\n0.9V\n")
    words = ("sweep", tiny, "--designs", "designs.csv", "--out")
    done = command(*words, "designs.csv")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("--out designs.csv: is there, and is no table of designs that was ")
    assert (place / "designs.csv").read_text() == "technology.vdd\n0.9V\n"
    assert [command(*words, "all.csv").code for _ in range(2)] == [0, 0]


def test_a_validation_replaces_its_own_outcome_and_no_other(command, place):
    (place / "x.json").write_text('{"source": "me", "records": []}')
    done = command("validate", "x.json", "--json", "x.json")
    assert (done.code, done.out) == (2, "")
    assert (
        done.err
        == "--json x.json: is there, and is no outcome of this command; name another file\n"
    )
    assert (place / "x.json").read_text() == '{"source": "me", "records": []}'
    assert not [path for path in place.iterdir() if path.name != "x.json"]
