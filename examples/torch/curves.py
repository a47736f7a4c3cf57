"""The curves of the examples, of what they left in a folder.

python examples/torch/curves.py FOLDER [PICTURE]

FOLDER has the files that the examples wrote (``--out``). The picture of the documentation:

    for each in resnet18 vit_tiny lstm char_gpt lora; do
        python examples/torch/$each.py --size medium --out examples/out/torch
    done
    python examples/torch/curves.py examples/out/torch docs/guide/torch_examples.png
"""

import json
import sys
from pathlib import Path

from matplotlib.figure import Figure

NAMES = ("resnet18", "vit_tiny", "lstm", "char_gpt", "lora")


def drawn(found: list[dict]) -> Figure:
    """Accuracy on the test over the energy of training, an axis for each example."""
    figure = Figure(figsize=(3.0 * len(found), 3.0), layout="constrained")
    for ax, one in zip(figure.subplots(1, len(found), squeeze=False)[0], found, strict=True):
        energy = [1e3 * one["energy"] * n for n in one["inputs"]]
        ax.plot(energy, [100 * a for a in one["accuracy"]], "o-", markersize=3)
        ax.axhline(100 * one["goal"], color="0.6", linewidth=0.8, linestyle="--")
        ax.axhline(100 * one["chance"], color="0.6", linewidth=0.8, linestyle=":")
        ax.set_title(f"{one['title']}\n{one['data']}", fontsize=9)
        ax.set_xlabel("energy of training, with DRAM [mJ]", fontsize=8)
        ax.set_ylabel("test accuracy [%]", fontsize=8)
        ax.tick_params(labelsize=8)
        ax.set_ylim(0, 100)
    schemes = {f"scheme {one['scheme']} on {one['chip']}" for one in found}
    figure.suptitle(f"{', '.join(sorted(schemes))}; dashed: the goal, dotted: chance", fontsize=9)
    return figure


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples/out/torch")
    picture = Path(sys.argv[2]) if len(sys.argv) > 2 else folder / "curves.png"
    files = [folder / f"{name}.json" for name in NAMES if (folder / f"{name}.json").is_file()]
    if not files:
        sys.exit(f"{folder}: no example has been run; run one with --out {folder}")
    drawn([json.loads(file.read_text()) for file in files]).savefig(picture, dpi=100)
    print(picture)
