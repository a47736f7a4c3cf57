"""LSTM and GRU whose products with inputs and states stand in arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from neurorebit.schema import InputError

State = tuple[torch.Tensor, ...]


def replace(module: Any, name: str) -> None:
    """Give a recurrent module a linear layer for each product, which is then converted."""
    if module.proj_size:
        message = f"layer '{name}': an LSTM with proj_size"
        raise InputError(message, cure="leave it out, or keep the layer: keep=(...)")
    for suffix in _suffixes(module):
        for way in ("ih", "hh"):
            weight = getattr(module, f"weight_{way}{suffix}")
            bias = getattr(module, f"bias_{way}{suffix}", None)
            made = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
            made.weight = weight
            if bias is not None:
                made.bias = bias
            made.takes_signs = way == "hh"  # states, of which the first are zero
            setattr(module, f"{way}{suffix}", made)
            for key in (f"weight_{way}{suffix}", f"bias_{way}{suffix}"):
                module._parameters.pop(key, None)
                module.__dict__.pop(key, None)
    module._flat_weights_names, module._flat_weights = [], []
    module._all_weights = []
    module.__class__ = AnalogLstm if isinstance(module, nn.LSTM) else AnalogGru


def _suffixes(module: Any) -> Iterator[str]:
    """What the names of the weights of each layer and way end with."""
    for layer in range(module.num_layers):
        yield f"_l{layer}"
        if module.bidirectional:
            yield f"_l{layer}_reverse"


class _Recurrent(nn.Module):
    """What LSTM and GRU share: layers and ways, each a product of all inputs, then step by step."""

    states: int

    def step(self, given: torch.Tensor, held: State, product: Any) -> State:
        """The states after a step, the output first; ``given`` is the product of its input."""
        raise NotImplementedError

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """As the module of PyTorch."""
        me: Any = self
        if not isinstance(input, torch.Tensor):
            message = "a packed sequence goes through its steps in another order"
            raise InputError(message, cure="pad the sequences: pad_packed_sequence")
        products = [m for s in _suffixes(self) for m in (self._of("ih", s), self._of("hh", s))]
        if any([getattr(product, "exact", False) for product in products]):
            return self._exact(input, hx)
        single = input.dim() == 2
        x = input.unsqueeze(0) if single else input if me.batch_first else input.transpose(0, 1)
        held = self._first(x, hx, single)
        ends: list[State] = []
        ways = 2 if me.bidirectional else 1
        for layer in range(me.num_layers):
            parts = []
            for way in range(ways):
                suffix = f"_l{layer}{'_reverse' if way else ''}"
                start = tuple(state[layer * ways + way] for state in held)
                out, end = self._way(x.flip(1) if way else x, start, suffix)
                parts.append(out.flip(1) if way else out)
                ends.append(end)
            x = torch.cat(parts, -1) if ways > 1 else parts[0]
            if me.dropout and layer < me.num_layers - 1:
                x = functional.dropout(x, me.dropout, self.training)
        last = tuple(torch.stack([end[i] for end in ends]) for i in range(self.states))
        if single:
            x, last = x.squeeze(0), tuple(state.squeeze(1) for state in last)
        elif not me.batch_first:
            x = x.transpose(0, 1)
        return x, last if self.states > 1 else last[0]

    def _of(self, way: str, suffix: str) -> Any:
        """The layer of a product."""
        return getattr(self, f"{way}{suffix}")

    def _first(self, x: torch.Tensor, hx: Any, single: bool) -> State:
        """The states before the first step, [layers * ways, B, H] each."""
        me: Any = self
        ways = 2 if me.bidirectional else 1
        if hx is None:
            zeros = x.new_zeros(me.num_layers * ways, len(x), me.hidden_size)
            return (zeros,) * self.states
        given = hx if self.states > 1 else (hx,)
        return tuple(state.unsqueeze(1) if single else state for state in given)

    def _way(self, x: torch.Tensor, held: State, suffix: str) -> tuple[torch.Tensor, State]:
        """The outputs of all steps of a sequence [B, T, I], and the states after the last."""
        products, product = self._of("ih", suffix)(x), self._of("hh", suffix)
        outputs = []
        for given in products.unbind(1):
            held = self.step(given, held, product)
            outputs.append(held[0])
        return torch.stack(outputs, 1), held

    def _exact(self, input: torch.Tensor, hx: Any) -> tuple[Any, Any]:
        """By PyTorch's own function, which an export knows."""
        me: Any = self
        weights = [
            parameter
            for suffix in _suffixes(me)
            for parameter in _parameters(self._of("ih", suffix), self._of("hh", suffix))
        ]
        ways = 2 if me.bidirectional else 1
        batch = input.shape[0 if me.batch_first else 1]
        if hx is None:
            zeros = input.new_zeros(me.num_layers * ways, batch, me.hidden_size)
            hx = (zeros, zeros) if self.states > 1 else zeros
        function = torch._VF.lstm if self.states > 1 else torch._VF.gru
        found = function(
            input, hx, weights, me.bias, me.num_layers, 0.0, False, me.bidirectional, me.batch_first
        )
        return found[0], tuple(found[1:]) if self.states > 1 else found[1]


def _parameters(ih: nn.Linear, hh: nn.Linear) -> list[torch.Tensor]:
    """The weights of a layer and way in PyTorch's order."""
    biases = [] if ih.bias is None else [ih.bias, hh.bias]
    return [ih.weight, hh.weight, *biases]


class AnalogLstm(_Recurrent, nn.LSTM):
    """``nn.LSTM`` with its products as layers of their own."""

    states = 2

    def step(self, given: torch.Tensor, held: State, product: Any) -> State:
        """Gates i, f, o are logistic, g is tanh; c = f c + i g, h = o tanh(c)."""
        h, c = held
        i, f, g, o = (given + product(h)).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


class AnalogGru(_Recurrent, nn.GRU):
    """``nn.GRU`` with its products as layers of their own."""

    states = 1

    def step(self, given: torch.Tensor, held: State, product: Any) -> State:
        """Gates r, z are logistic; n = tanh(x + r h'), h = (1 - z) n + z h."""
        (h,) = held
        sent = product(h).chunk(3, -1)
        r, z, n = given.chunk(3, -1)
        r, z = torch.sigmoid(r + sent[0]), torch.sigmoid(z + sent[1])
        return ((1.0 - z) * torch.tanh(n + r * sent[2]) + z * h,)
