"""Logic drawn gate by gate and simulated with the delay of each gate: adder trees of macros."""
