"""CSV files as people and spreadsheets write them."""

import pytest

from neurorebit.schema import InputError
from neurorebit.schema.sheet import cell, read_sheet

AS_MEANT = {
    "plain": b"a,b\n1.5 V,x\n2,y\n",
    "byte order mark": b"\xef\xbb\xbfa,b\n1.5 V,x\n2,y\n",
    "UTF-16": "a,b\n1.5 V,x\n2,y\n".encode("utf-16"),
    "semicolons": b"a;b\n1.5 V;x\n2;y\n",
    "decimal commas": b"a;b\r\n1,5 V;x\r\n2;y\r\n",
    "tabs": b"a\tb\n1,5 V\tx\n2\ty\n",
    "separator line": b"sep=;\na;b\n1,5 V;x\n2;y\n",
    "blank lines": b"\n\na,b\n\n1.5 V,x\n,\n2,y\n\n",
    "blanks": b" a , b \n 1.5 V,x \n2 ,  y\n",
    "empty columns": b"a,b,,\n1.5 V,x,,\n2,y,\n",
    "old line ends": b"a,b\r1.5 V,x\r2,y\r",
    "quotes": b'"a","b"\n"1.5 V","x"\n2,y\n',
    "no last line end": b"a,b\n1.5 V,x\n2,y",
}


@pytest.mark.parametrize("content", AS_MEANT.values(), ids=AS_MEANT)
def test_what_is_plain_is_read(tmp_path, content):
    (tmp_path / "x.csv").write_bytes(content)
    sheet = read_sheet(tmp_path / "x.csv")
    assert sheet.heads == ("a", "b")
    assert [row.values for row in sheet.rows] == [("1.5 V", "x"), ("2", "y")]


WRONG = {
    b"": ": is empty; put a name at the head of each column in its first line",
    b" \n,\n": ": is empty; put a name",
    b"a,b\n\n1\n": ":3: b: expected 2 values, one for each column, got 1; complete the line",
    b"a,b\n1,2,3\n": ":2: expected 2 values, one for each column, got 3; write numbers with a deci",
    b"a;b\n1;2;3\n": ":2: expected 2 values, one for each column, got 3; remove what is too much",
    b"a,,b\n1,2,3\n": ":1: column 2 has no name; name the column, or remove it",
    b"a,b,\n1,2,3\n": ":1: column 3 has no name; name the column, or remove it",
    b"a;b\n1,5;x\n\n2.5;y\n": ":4: a: '2.5' does not say which of ',' and '.' is the decimal",
    b"a;b\n1.234,5;x\n": ":2: a: '1.234,5' does not say which of ',' and '.' is the decimal point",
    b"a,b\n1,x\n2,\xe9\n": ":3: cannot be read: not a UTF-8 text file; save it as CSV in UTF-8",
    b"a,b\n\n1,\x1b[31m\n": r":3: b: holds a control character: '\x1b[31m'; remove it",
    b'a,b\n1,"x\ny"\n': ":2: a quoted value goes on after the end of the line; close the quote",
    b'a,b\n1,"' + b"x" * 200_000 + b'"\n': ":2: not valid CSV: field larger than field limit",
}


@pytest.mark.parametrize(("content", "told"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_not_plain_is_refused_at_its_line(tmp_path, content, told):
    file = tmp_path / "x.csv"
    file.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_sheet(file)
    assert str(refused.value).startswith(f"{file}{told}")


def test_columns_that_nobody_takes_may_hold_anything(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a,b\n1,x\x0cy\n")
    assert read_sheet(tmp_path / "x.csv", ["a"]).rows[0].values[0] == "1"


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("neurorebit.schema.sheet.LARGEST", 3 << 20)
    (tmp_path / "x.csv").write_bytes(b"a" * (4 << 20))
    with pytest.raises(InputError, match="has 4 MiB, more than the 3 MiB that are read; split"):
        read_sheet(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("+cmd", "'+cmd"),
        ("-x", "'-x"),
        ("-1.5e-3", "-1.5e-3"),
        ("a=b", "a=b"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb", "a b"),
        (-1.5, -1.5),
        (None, None),
    ],
)
def test_a_cell_that_is_written_is_no_formula(value, written):
    assert cell(value) == written
