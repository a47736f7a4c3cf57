"""Forward and backward of single layers: FP32 PyTorch, ours, and aihwkit's tile where installed.

python tests/bench/torch_tiles.py [--threads 2] [--repeats 7]

The layers are those of VGG11 as matrices, with the vectors of 16 images of 32 x 32. aihwkit's tile
is the one that is written in PyTorch (``TorchInferenceRPUConfig``), with converters of as many
codes: 255 for inputs, 63 for outputs. All take turns within one process; medians are compared.
"""

import argparse
import statistics
import time

import torch
from tabulate import tabulate
from threadpoolctl import threadpool_limits

import neurorebit.torch as nrt

LAYERS = ((576, 128, 4096), (1152, 256, 1024), (2304, 256, 1024), (4608, 512, 64))
REST = 0.1  # seconds, in which the others' threads fall asleep


def aihwkit_layer(rows, cols):
    """A layer of aihwkit's tile; None where it is not installed."""
    try:
        from aihwkit.nn import AnalogLinear
        from aihwkit.simulator.configs import TorchInferenceRPUConfig
    except ImportError:
        return None
    config = TorchInferenceRPUConfig()
    config.forward.inp_res, config.forward.out_res = 1.0 / 255.0, 1.0 / 63.0
    return AnalogLinear(rows, cols, bias=False, rpu_config=config)


def layers_of(rows, cols, threads):
    """The layer of each kind."""
    found = {"FP32": torch.nn.Linear(rows, cols, bias=False)}
    for scheme in ("hybrid", "reram_mapped"):
        made = torch.nn.Linear(rows, cols, bias=False)
        chip = {"scheme": scheme, "threads": threads, "training": {"calibration_steps": 2}}
        found[scheme] = nrt.convert(made, "rebit", **chip)
    if (tile := aihwkit_layer(rows, cols)) is not None:
        found["aihwkit"] = tile
    return found


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = []
    for height, width, vectors in LAYERS:
        x = torch.rand(vectors, height, requires_grad=True)
        layers = layers_of(height, width, options.threads)
        times = {name: [] for name in layers}
        for turn in range(options.repeats + 3):
            for name, layer in layers.items():
                time.sleep(REST)
                with threadpool_limits(options.threads, user_api="blas"):
                    start = time.perf_counter()
                    layer(x).sum().backward()
                    taken = time.perf_counter() - start
                if turn >= 3:  # kernels are compiled and ranges measured before
                    times[name].append(taken)
        found = {name: 1e3 * statistics.median(taken) for name, taken in times.items()}
        ratio = found["aihwkit"] / found["hybrid"] if "aihwkit" in found else float("nan")
        row = [f"{height} x {width}, {vectors} vectors", *found.values()]
        rows.append([*row, found["FP32"] / found["hybrid"], ratio])
    print(f"forward and backward of a layer [ms], {options.threads} threads")
    heads = ["layer", *found, "FP32 / hybrid", "aihwkit / hybrid"]
    print(tabulate(rows, heads, floatfmt=("", *(".2f",) * 7)))


if __name__ == "__main__":
    main()
