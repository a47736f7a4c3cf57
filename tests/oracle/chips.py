"""Reference chips by hand."""

from __future__ import annotations

from typing import Any

# VGG-8 for CIFAR-10 as DNN+NeuroSim V2.1 lists it: map, channels, kernel, outputs, pooled, stride
VGG8 = [
    [32, 32, 3, 3, 3, 128, 0, 1],
    [32, 32, 128, 3, 3, 128, 1, 1],
    [16, 16, 128, 3, 3, 256, 0, 1],
    [16, 16, 256, 3, 3, 256, 1, 1],
    [8, 8, 256, 3, 3, 512, 0, 1],
    [8, 8, 512, 3, 3, 512, 1, 1],
    [1, 1, 8192, 1, 1, 1024, 0, 1],
    [1, 1, 1024, 1, 1, 10, 0, 1],
]
ROUGHLY = {"latency_FW_s": 1.0, "energy_FW_J": 1.0, "latency_AG_s": 1.0, "energy_AG_J": 1.0}
ROUGH = {"area": 1e-4, "forward": (40.0, 1.0), "activation_gradient": (30.0, 1.0)}


def chip(
    layers: list[list[int]],
    figures: dict[str, Any] | None = None,
    ones: float = 0.2,
    w_std: float = 0.3,
    input_bits: int = 8,
    **parameters: float,
) -> Any:
    """A chip as a file has it: 32 nm LSTP, 5-bit cells, 64-level flash, unless told otherwise.

    ``figures``: area [m^2]; time [s] and energy [J] of the phases.
    """
    known = figures or ROUGH
    given = {
        "technode": 32,
        "deviceroadmap": 2,
        "memcelltype": 2,
        "SARADC": 0,
        "cellBit": 5,
        "numRowSubArray": 128,
        "numColSubArray": 128,
        "numColMuxed": 8,
        "numRowMuxedAG": 8,
        "levelOutput": 64,
        "levelOutputAG": 64,
        "resistanceOn": 240e3,
        "resistanceOff": 24e6,
        "trainingEstimation": 1,
    }
    phases = ("forward", "activation_gradient")
    return {
        "config_id": "a chip",
        "network": "by hand",
        "layers_ifm_h_w_cin_kh_kw_cout_maxpool_stride": layers,
        "weight_bits": 5,
        "input_bits": input_bits,
        "parameters": given | parameters,
        "trace": {"w_std": w_std, "layers": [{"trace_activity": ones} for _ in layers]},
        "area_m2": {"chip": known["area"]},
        "per_epoch": {
            phase: {"latency_s": known[phase][0], "energy_J": known[phase][1]} for phase in phases
        },
        "per_layer_per_epoch": [] if figures else [ROUGHLY for _ in layers],
    }
