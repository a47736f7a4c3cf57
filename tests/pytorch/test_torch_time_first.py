"""A bill is of one input of a batch: layers with time along the first axis are refused."""

import pytest
import torch
from torch import nn

import neurorebit as nr
import neurorebit.torch as nrt
from neurorebit.schema import InputError


class Reader(nn.Module):
    def __init__(self, batch_first):
        super().__init__()
        self.lstm = nn.LSTM(6, 5, batch_first=batch_first)
        self.head = nn.Linear(5, 2)

    def forward(self, x):
        return self.head(self.lstm(x)[0])


def test_all_steps_of_a_sequence_are_billed():
    x = torch.rand(1, 7, 6)
    analog = nrt.convert(Reader(True), nr.chip("rebit"), scheme="hybrid", signed=True)
    analog(x)
    found = nrt.estimate(analog, x)
    # seven steps of four gates of 6 and 5 inputs and 5 outputs, and of 5 x 2; two operations each
    assert found.phases.loc["inference", "ops"] == 7 * 2 * (4 * (6 + 5) * 5 + 5 * 2)


def test_time_along_the_first_axis_is_refused():
    analog = nrt.convert(Reader(False), nr.chip("rebit"), scheme="hybrid", signed=True)
    x = torch.rand(7, 1, 6)
    analog(x)
    with pytest.raises(InputError, match="layer 'lstm' has batch_first=False"):
        nrt.estimate(analog, x)
