"""A file is shown with units, sources, defaults and what follows from it."""

import pytest

from neurorebit.schema import InputError, paths
from neurorebit.studies.show import show

SHIPPED = [(kind, name) for kind in paths.FOLDERS for name in paths.names(kind)]


def lines(name):
    return [" ".join(line.split()) for line in show(name).splitlines()]


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_every_shipped_file_is_shown_by_name(kind, name):
    text = show(name)
    assert text.startswith(f"{kind} {name}: {paths.FOLDERS[kind]}/{name}.yaml\n")
    assert "source" in text or kind == "network"
    assert "nan" not in text.split()


def test_a_technology_keeps_the_units_of_its_file():
    shown = lines("32nm")
    assert shown[0].startswith("technology 32nm_lstp: ")
    assert "vdd 0.9 V" in shown
    assert "intrinsic 0.8375279 nF/m" in shown
    assert "on_n 600.2 A/m" in shown  # of the 300 K it is used at


def test_a_device_tells_its_conductances():
    shown = lines("taox_hfox")
    assert "r_on 100 kohm" in shown
    assert "g_max 10 uS" in shown
    assert "g_min 1 uS" in shown
    assert "source MLP+NeuroSim V3.0 manual" in shown


def test_a_network_tells_shapes_and_macs():
    shown = lines("vgg11")
    assert "conv1 conv 3 x 3, pad 1 3 x 32 x 32 64 x 32 x 32 27 x 64 1,024 1,728 1,769,472" in shown
    assert "sum 9,222,848 152,769,536" in shown
    assert "recipe paper: epochs 200" in shown
    assert any(line.startswith("recipe quick (default): ") for line in shown)
    assert "adc array (default)" in shown
    assert "momentum 0.9" in shown


def test_a_residual_network_tells_what_its_layers_read():
    shown = lines("resnet18")
    assert any("main3" in line and line.startswith("add3 add ") for line in shown)


def test_a_file_of_ones_own_is_known_by_its_keys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind, name in (("technology", "7nm_hp"), ("device", "pcmo"), ("network", "mlp")):
        mine = tmp_path / f"my_{kind}.yaml"
        mine.write_text(paths.shipped(kind, name).read_text())
        assert show(mine.name).startswith(f"{kind} my_{kind}: my_{kind}.yaml\n")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a: 1\n", "mine.yaml: no technology, device, architecture or network: none of the keys "),
        ("feature: 32 nm\n", "mine.yaml:1: the keys 'source', "),
        ("layers: [\n", "mine.yaml:2: not valid YAML: "),
    ],
)
def test_a_wrong_file_is_told(tmp_path, monkeypatch, content, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(content)
    with pytest.raises(InputError) as caught:
        show("mine.yaml")
    assert str(caught.value).startswith(told)


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(InputError) as caught:
        show("vgg111")
    told = str(caught.value)
    assert told.startswith("vgg111: no such file and no such name; did you mean 'vgg11'? (")
    assert "taox_hfox" in told
    assert "\n" not in told


def test_a_number_for_the_reader_alone_is_told():
    lines = show("22nm").splitlines()
    marked = [line.split()[0] for line in lines if "(informative: no formula uses it)" in line]
    assert marked == ["gate_length"]
