"""Shipped files are found by name, the user's by path."""

from pathlib import Path

import pytest

from neurorebit.schema import InputError, paths


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A checkout with a few empty files, the working directory elsewhere."""
    for name in (
        "tech/cmos/7nm_hp",
        "tech/cmos/14nm_hp",
        "tech/cmos/32nm_hp",
        "tech/cmos/32nm_lstp",
        "tech/cmos/130nm_lstp",
        "tech/device/taox_hfox",
        "tech/architecture/rebit",
        "networks/vgg11",
        "networks/vgg8",
    ):
        path = tmp_path / "checkout" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "checkout" / "neurorebit")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "checkout"


@pytest.mark.parametrize(
    ("kind", "name", "file"),
    [
        ("technology", "32nm_hp", "tech/cmos/32nm_hp.yaml"),
        ("technology", "32nm", "tech/cmos/32nm_lstp.yaml"),
        ("device", "taox_hfox", "tech/device/taox_hfox.yaml"),
        ("architecture", "rebit", "tech/architecture/rebit.yaml"),
        ("network", "vgg11", "networks/vgg11.yaml"),
    ],
)
def test_a_name_means_a_shipped_file(package, kind, name, file):
    assert paths.shipped(kind, name) == package / file


def test_a_wheel_carries_the_files_inside_the_package(package):
    inside = package / "neurorebit" / "_data"
    (inside / "networks").mkdir(parents=True)
    (inside / "networks" / "mlp.yaml").touch()
    assert paths.shipped("network", "mlp") == inside / "networks" / "mlp.yaml"
    assert paths.names("network") == ("mlp",)


def test_a_path_wins_over_a_name(package):
    Path("vgg11").touch()
    assert paths.shipped("network", "vgg11") == Path("vgg11")
    Path("mine.yaml").touch()
    assert paths.shipped("device", "mine.yaml") == Path("mine.yaml")


def test_names_are_listed_by_size(package):
    found = paths.names("technology")
    assert found == ("7nm_hp", "14nm_hp", "32nm_hp", "32nm_lstp", "130nm_lstp")


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("network", "vgg1l", "did you mean 'vgg11'?"),
        ("network", "networks/vgg111.yaml", "networks/vgg111.yaml: no such network file; did you"),
        ("technology", "33nm_lstp", "did you mean '32nm_lstp'?"),
        ("device", "zzzz", "zzzz: no such device, by path or by name; shipped: taox_hfox"),
        ("network", ".", ".: is a folder; give a network file"),
        ("network", "x" * 5000, "no such network"),
    ],
)
def test_an_unknown_name_is_one_line_with_the_cure(package, kind, name, said):
    with pytest.raises(InputError) as problem:
        paths.shipped(kind, name)
    assert said in str(problem.value)
    assert "\n" not in str(problem.value)


def test_only_a_technology_has_a_default_flavour(package):
    (package / "networks" / "mlp_lstp.yaml").touch()
    with pytest.raises(InputError):
        paths.shipped("network", "mlp")


def test_the_cache_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert paths.cache_dir() == tmp_path / "neurorebit"
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, says the XDG specification
    assert paths.cache_dir() == Path("/home/somebody/.cache/neurorebit")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert paths.cache_dir() == Path("/home/somebody/.cache/neurorebit")


@pytest.mark.parametrize("kind", paths.FOLDERS)
def test_the_project_ships_files_of_every_kind(kind):
    assert paths.names(kind)
