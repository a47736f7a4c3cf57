"""Ferroelectric FETs in the arrays of resistive cells: read through the channel, set by charge."""

import dataclasses

import numpy as np
import pytest
from common import document, near

from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.circuits.array import FefetArray, ReramArray, device_array
from neurorebit.schema import InputError
from neurorebit.schema.device import read_device


@pytest.fixture
def fefet():
    return read_device(document("device", "hzo_fefet"))


@pytest.fixture
def pcm():
    return read_device(document("device", "pcm_ibm_90nm"))


def test_a_train_of_pulses_turns_twice_the_remanent_polarization_over(tech32, fefet):
    """2 * 0.2 C/m2 on a gate of 2 * (32 nm)^2: 8.192e-16 C, moved through 3.65 V."""
    array = FefetArray(tech32, fefet)
    train = 32 * array.written(0.5, 3.65, 75e-9, 32)
    assert train == near(8.192e-16 * 3.65, rel=1e-12)
    assert array.written(0.1, 3.65, 1.0, 32) == array.written(0.9, 3.65, 75e-9, 32)


def test_a_pulse_charges_the_row_that_opens_and_the_gates_of_the_written_cells(tech32, fefet):
    array = FefetArray(tech32, fefet)
    row = array.access_cap * 1.1**2
    cell = (array.col_cap + 2.1717e-18) * 3.0**2
    for pulse in (array.pulse_set, array.pulse_reset):
        assert pulse(0.0, 3.0, 75e-9).energy.total == near(row, rel=1e-12)
        assert pulse(5.0, 3.0, 75e-9).energy.total == near(row + 5 * cell, rel=1e-12)


def test_a_read_goes_through_the_channel_alone(tech32, fefet):
    """559.28 kohm at the on state, a quarter of it more behind an access transistor."""
    cell = dataclasses.replace(fefet.cell, access_share=0.25)
    channel = FefetArray(tech32, fefet)
    behind = ReramArray(tech32, dataclasses.replace(fefet, cell=cell))
    wires = (channel.row_res + channel.col_res) / 2.0
    assert channel.column_res(1.0, 1.0) == near(559.28e3 + wires, rel=1e-9)
    assert behind.column_res(1.0, 1.0) == near(1.25 * 559.28e3 + wires, rel=1e-9)


def test_other_kinds_take_current(tech32, pcm):
    """40 kohm on, 500 kohm off: 13.5 uS half way, behind a transistor and wires; 2 V for 100 ns."""
    array = device_array(tech32, pcm, 128.0, 128.0)
    assert type(array) is ReramArray
    path = 1 / 13.5e-6 + pcm.cell.access_share * 40e3 + (array.row_res + array.col_res) / 2
    assert array.written(0.5, 2.0, 1e-7, 99) == near(4.0 / path * 1e-7, rel=1e-9)


def test_writing_a_macro_takes_the_charge_of_its_cells(tech32, fefet):
    changes = (0.1, 4.0), (0.2, 8.0)
    programmed = AnalogMacro(tech32, fefet).program(*changes)
    cells = programmed.energy.items["apim/cells"]
    charge = 2 * 0.2 * 2 * tech32.feature**2
    up, down = 0.1 * 4 / 32 * 3.65, 0.2 * 8 / 32 * 2.95
    assert cells == near(128 * 128 * charge * (up + down), rel=1e-12)
    longer = dataclasses.replace(fefet.pulses, width_ltp=1e-3, width_ltd=1e-3)
    again = AnalogMacro(tech32, dataclasses.replace(fefet, pulses=longer)).program(*changes)
    assert again.energy.items["apim/cells"] == cells
    assert again.latency.total > programmed.latency.total


def test_polarizations_are_an_axis(tech32, fefet):
    many = np.array([0.1, 0.2, 0.4])
    gate = dataclasses.replace(fefet.ferroelectric, polarization=many)
    taken = FefetArray(tech32, dataclasses.replace(fefet, ferroelectric=gate)).written(
        0.5, 3.0, 1e-7, 32
    )
    np.testing.assert_allclose(taken / taken[1], many / 0.2, rtol=1e-12)


@pytest.mark.parametrize(("name", "share"), [("hzo_fefet", "0.25"), ("taox_hfox", "null")])
def test_an_access_share_goes_with_the_other_kinds(name, share):
    wrong = document("device", name)
    wrong.set("cell.access_share", share)
    with pytest.raises(InputError, match="cell: the key 'access_share' goes with all kinds but"):
        read_device(wrong)


@pytest.mark.parametrize(("name", "kind"), [("hzo_fefet", "reram"), ("taox_hfox", "fefet")])
def test_a_gate_stack_goes_with_its_kind(name, kind):
    wrong = document("device", name)
    wrong.set("kind", kind)
    with pytest.raises(InputError, match=r"kind: a section 'ferroelectric' goes with kind 'fefet'"):
        read_device(wrong)
