"""Mutated inputs of all kinds through the commands: an exit code, one plain line, nothing left."""

import io
import random
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurorebit.__main__ import main
from neurorebit.schema import paths

CSV = "cell,cycle,direction,pulse,conductance_S\n" + "".join(
    f"a,1,{way},{n},{1e-6 * (1 + (n if way == 'ltp' else 8 - n)):.3g}\n"
    for way in ("ltp", "ltd")
    for n in range(9)
)
RECORDS = (
    '{"source": "x", "records": [{"block": "Register", "technology": "32nm_lstp", "fields": '
    '{"bits": 8}, "action": "latch", "energy_J": 1e-12}]}'
)
REPORT = (
    '{"schema": 2, "chip": {"area_m2": 1.0}, "inputs": {}, "layers": [{"name": "a", "x": 1}], '
    '"phases": {"forward": {"energy_J": 1.0}}, "totals": {}}'
)
DESIGNS = "technology.vdd [V],architecture.apim.adc_bits\n0.9,4\n0.8,5\n"


def shipped(kind, name):
    return paths.shipped(kind, name).read_text()


KINDS = {  # the file that is mutated, its content, and the command that reads it
    "network": ("x.yaml", shipped("network", "mlp"), ["run", "x.yaml", "--no-train"]),
    "technology": (
        "x.yaml", shipped("technology", "32nm"),
        ["run", "mlp", "--no-train", "--technology", "x.yaml"],
    ),
    "device": (
        "x.yaml", shipped("device", "taox_hfox"), ["run", "mlp", "--no-train", "--device", "x.yaml"]
    ),
    "architecture": (
        "x.yaml", shipped("architecture", "rebit"),
        ["run", "mlp", "--no-train", "--architecture", "x.yaml"],
    ),
    "shown": ("x.yaml", shipped("network", "mlp"), ["show", "x.yaml"]),
    "designs": ("x.csv", DESIGNS, ["sweep", "mlp", "--designs", "x.csv"]),
    "pulses": ("x.csv", CSV, ["fit", "x.csv", "--voltage", "1V", "--width", "50ns"]),
    "records": ("x.json", RECORDS, ["validate", "x.json"]),
    "reports": ("x.json", REPORT, ["compare", "x.json", "other.json"]),
}  # fmt: skip
PIECES = [
    b"\xff", b"\x00", b"\x1b[31m", b"\n", b"\t", b":", b"- ", b"[", b"{", b"*a", b"&a ", b"'", b'"',
    b",", b";", b"-1", b"0", b"1e309", b"nan", b"9" * 400, b"\xe2\x80\xae", b"\xc2\xb2", b"=1+1",
    b"true", b"null", b"../", b"%", b"!!x ", b"\xef\xbb\xbf", b"V", b"m", b"x" * 5000,
]  # fmt: skip


def mutated(raw, seed):
    """The bytes with one to four cuts, copies or foreign pieces."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(raw) + 1)
        end = min(len(raw), at + rng.choice((0, 1, 5, 40)))
        piece = rng.choice((*PIECES, b"", raw[at:end] * 2))
        raw = raw[:at] + piece + raw[end:]
    return raw


def sound(code, captured, words):
    """Whether a command ended as it should."""
    text = captured.out + captured.err
    assert code in (0, 1, 2), words
    assert all(char == "\n" or char.isprintable() for char in text.replace("\t", " ")), words
    if code == 2:
        assert captured.err.count("\n") == 1, captured.err
        assert len(captured.err) < 4000
        assert "Traceback" not in text


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_mutated_file(kind, seed, place, capsys):
    name, content, words = KINDS[kind]
    (place / name).write_bytes(mutated(content.encode(), seed))
    (place / "other.json").write_text(REPORT)
    sound(main(words), capsys.readouterr(), words)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    option=st.sampled_from(
        [
            "--set=technology.vdd=0.9V",
            "--set=network.layers[1].features=128",
            "--set=training.batch=8",
            "--axis=technology.vdd=0.8V:1V:3",
            "--axis=device.r_on=1e5ohm,2e5ohm",
        ]
    ),
)
def test_a_mutated_option(seed, option, place, capsys):
    word = mutated(option.encode(), seed).replace(b"\0", b"").decode("utf-8", "surrogateescape")
    command = ["run", "mlp", "--no-train"] if option.startswith("--set") else ["sweep", "mlp"]
    try:
        code = main([*command, word])
    except SystemExit:  # a word that became --help
        return
    sound(code, capsys.readouterr(), word)


def test_archives_that_are_none(place, capsys):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("meta.npy", b"{}")
    (place / "out").mkdir()
    for content in (b"", b"PK", raw.getvalue()):
        (place / "out" / "checkpoint.npz").write_bytes(content)
        words = ["run", "mlp", "--epochs", "1", "--images", "64", "--out", "out", "--resume"]
        sound(main(words), capsys.readouterr(), words)
