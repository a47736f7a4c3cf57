"""Without PyTorch: the package imports, and a name of it says in one line what is missing."""

import subprocess
import sys

import pytest

import neurorebit as nr
import neurorebit.torch as nrt


def test_importing_the_package_imports_no_pytorch():
    code = "import sys, neurorebit, neurorebit.torch; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(nrt, "find_spec", lambda name: None)
    with pytest.raises(nr.InputError) as problem:
        _ = nrt.convert
    assert str(problem.value) == (
        "neurorebit.torch takes PyTorch, which is not installed; "
        "install it: pip install 'neurorebit[torch]'"
    )


def test_pytorch_is_there_or_the_other_tests_are_left_out():
    pytest.importorskip("torch", reason="PyTorch is not installed: its front end is not tested")
