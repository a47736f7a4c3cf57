"""Reference records by hand, with figures worked out elsewhere."""

from __future__ import annotations

from typing import Any

TOOL = "DNN+NeuroSim V2.1"


def entry(module: str, inputs: dict[str, Any], outputs: dict[str, Any], **more: Any) -> Any:
    """A record as a file has it: 32 nm LSTP at 300 K unless told otherwise."""
    where = {"technode_nm": 32, "roadmap": "LSTP", "temperature_K": 300}
    return {"module": module, **where, "inputs": inputs, "outputs": outputs, **more}


# The reference tool: a stage of 10 ps behind an ideal step, and behind a ramp of 3e10 1/s
STEP = entry(
    "formula.horowitz",
    {"tau_s": 1e-11, "ramp_input_per_s": 1e20},
    {"delay_s": 6.9315e-12, "ramp_output_per_s": 7.2135e10},
)
RAMP = entry(
    "formula.horowitz",
    {"tau_s": 1e-11, "ramp_input_per_s": 3e10},
    {"delay_s": 1.4653e-11, "ramp_output_per_s": 3.4123e10},
)
