"""Tables of plain text."""

from neurorebit.schema.columns import columns


def test_columns_are_as_wide_as_their_widest_cell():
    assert columns([("a", "1"), ("long", "10")], ("name", "in\nmm"), "lr") == (
        "name  in\n      mm\n----  --\na      1\nlong  10"
    )


def test_without_a_heading_there_is_no_rule():
    assert columns([("a", "b"), ("ccc", "")]) == "a    b\nccc"


def test_nothing_is_no_table():
    assert columns([]) == ""
    assert columns([], ("a", "b")) == "a  b\n-  -"


def test_a_cell_may_have_several_lines():
    assert columns([("a", "1\n20"), ("b", "3")], ("name", "in"), "lr") == (
        "name  in\n----  --\na      1\n      20\nb      3"
    )
