"""Modules of PyTorch, with a stand-in for PyTorch: what it is asked for, and what is told."""

import contextlib
import sys
import types

import pytest
from common import refusal
from graphs import Made

import neurorebit as nr


class Module:
    """What makes an object a module: a class of this name in ``torch.nn``."""

    training = True

    def modules(self):
        return [self]

    def children(self):
        return []

    def parameters(self):
        return []

    def eval(self):
        self.training = False

    def train(self, mode):
        self.training = mode


Module.__module__ = "torch.nn.modules.module"


class Net(Module):
    """A module of somebody's own."""


class Embedding(Module):
    """A module that gets words."""


@pytest.fixture
def asked(monkeypatch):
    """Puts a stand-in for PyTorch in its place; gives what it was asked to export."""
    asked, torch = [], types.ModuleType("torch")
    fast = [True]
    torch.float32, torch.int64 = "float32", "int64"
    torch.zeros = lambda shape, dtype: (shape, dtype)
    torch.no_grad = contextlib.nullcontext
    torch.backends = types.SimpleNamespace(
        mha=types.SimpleNamespace(
            get_fastpath_enabled=lambda: fast[0],
            set_fastpath_enabled=lambda on: fast.__setitem__(0, on),
        )
    )

    def export(module, args, place=None, dynamo=True):
        asked.append((type(module).__name__, args, module.training, fast[0]))
        sys.stdout.write("what exporters say")
        if asked[0][0] == "Broken":
            raise RuntimeError("no such\noperator")
        if dynamo:
            raise AssertionError("the first way did")
        shape, kind = args[0]
        if kind == "int64":
            made = Made(*shape, elem=7)
            made.add("Gather", made.weight(9, 4), "x")
        else:
            made = Made(*shape)
        made.add("MatMul", made.last, made.weight(4, 2))
        place.write(made.model().SerializeToString())

    torch.onnx = types.SimpleNamespace(export=export)
    monkeypatch.setitem(sys.modules, "torch", torch)
    return asked


def test_a_module_is_exported_for_use(asked, capsys):
    net = Net()
    network = nr.network(net, input=(6, 4))
    assert asked == [("Net", (((1, 6, 4), "float32"),), False, False)]
    assert net.training
    assert network.layers["macs"].tolist() == [6 * 4 * 2]
    assert "Net (PyTorch)" in repr(network)
    assert capsys.readouterr().out == ""


def test_a_module_that_begins_with_words_gets_whole_numbers(asked):
    network = nr.network(Embedding(), input=(5,))
    assert network.layers["kind"].tolist() == ["embedding", "linear"]


def test_a_module_needs_the_sizes_of_its_input(asked):
    told = refusal(lambda: nr.network(Net()))
    assert told == "input: a module does not say what it gets; give input=(3, 224, 224)"
    assert asked == []


def test_what_pytorch_cannot_export_is_told_in_one_line(asked):
    class Broken(Module):
        pass

    told = refusal(lambda: nr.network(Broken(), input=(4,)))
    assert told.startswith("source: PyTorch cannot export Broken: no such operator; ")
    assert len(asked) == 2
