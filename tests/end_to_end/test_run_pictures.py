"""Pictures of an estimate: drawn where asked, and gone with the report that they belong to."""

import json

FILES = {"report.txt", "report.html", "layers.csv", "costs.csv", "training.csv", "report.json"}


def test_an_estimate_is_drawn_where_asked_and_old_pictures_do_not_stay(command, tiny, place):
    drawn = {"energy.png", "area.png"}
    words = ["run", tiny, "--no-train", "--out", "out"]
    assert command(*words, "--pictures").code == 0
    assert {path.name for path in (place / "out").iterdir()} == FILES | drawn
    assert "--pictures" not in json.loads((place / "out" / "report.json").read_text())["command"]
    (place / "out" / "mine.png").write_bytes(b"mine")
    assert command(*words).code == 0
    assert {path.name for path in (place / "out").iterdir()} == FILES | {"mine.png"}


def test_a_picture_of_another_origin_stays(command, tiny, place):
    (place / "out").mkdir()
    (place / "out" / "energy.png").write_bytes(b"mine")
    assert command("run", tiny, "--no-train", "--out", "out").code == 0
    assert (place / "out" / "energy.png").read_bytes() == b"mine"
