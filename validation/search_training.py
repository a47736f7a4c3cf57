"""A search with training: a ReBIT chip of less energy that learns as well as the default one.

    python -m validation.search_training --data DIR --out DIR [--budget 24]

DIR of the data holds MNIST. The search changes keys of the architecture alone, at the default
technology and device, for training energy and accuracy; its accuracies come from short trainings
of a narrower network. The design of the least energy whose accuracy is no further below that of
the default chip (trained alike) than the spread over three seeds is then trained at full width, as
the default chip is, with three seeds that the search never saw; energies are those of the activity
that these trainings measured. The next design is taken where it does not hold. Written are the
search, the reports of the design, and a table.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import neurorebit as nr

SPACE = {
    "architecture.weight_bits": [2, 3, 4],
    "architecture.error_bits": [4, 6, 8],
    "architecture.apim.adc_bits": [3, 4, 5, 6],
    "architecture.apim.rows": [64, 128, 256],
    "architecture.apim.cols_per_adc": [4, 8, 16],
    "architecture.dpim.vectors": [2, 4, 8, 16, 32],
    "architecture.dpim.rows": [64, 128, 256],
    "architecture.dpim.adder": ["sklansky", "ripple", "brent_kung", "kogge_stone", "carry_save"],
}
RUNGS = ("images=400,epochs=1,width=0.5", "images=1500,epochs=1,width=0.5,seeds=1")
IMAGES, EPOCHS = 3000, 2  # of the confirmation
SEEDS = (100, 101, 102)
TESTS = 2000  # images that accuracies are tested on
MOST = 3  # designs that are confirmed, if need be
ENERGY = "training energy [J/image]"


def network() -> Any:
    """The multilayer perceptron on MNIST."""
    return nr.network("mlp").set({"training.dataset": "mnist", "training.test_images": TESTS})


def confirmed(chip: Any, data: Path) -> dict[str, Any]:
    """What a chip reaches with three seeds at full width: accuracies, and energy of an image."""
    runs = [
        nr.train(
            network(), chip, data=data, seed=seed, images=IMAGES, epochs=EPOCHS, progress=False
        )
        for seed in SEEDS
    ]
    accuracies = [float(run.accuracy or 0.0) for run in runs]
    return {
        "accuracies": accuracies,
        "accuracy": statistics.mean(accuracies),
        "spread": statistics.stdev(accuracies),
        "energy_J_per_image": runs[0].estimate.document["totals"]["image"]["energy_J"],
        "runs": runs,
    }


def main() -> None:
    """Search, confirm, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--budget", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    found = nr.search(
        network(),
        "rebit",
        SPACE,
        objectives=("energy", "accuracy"),
        budget=asked.budget,
        train=RUNGS,
        data=asked.data,
        seed=asked.seed,
        storage=asked.out / "search.db",
        resume=True,
        progress=False,
    )
    found.save(asked.out / "search")
    fixed = nr.sweep(
        network(),
        "rebit",
        {"architecture.apim.adc_bits": [5]},
        train=f"{RUNGS[-1].removesuffix(',seeds=1')},seeds=3",
        data=asked.data,
        progress=False,
    )
    least = float(fixed["accuracy"][0] - fixed["accuracy spread"][0])
    front = found.front
    candidates = front[(front["accuracy"] >= least) & (front[ENERGY] < fixed[ENERGY][0])]
    usual = confirmed(nr.chip("rebit"), asked.data)
    rows = [{"design": "the default chip", "keys": {}, **usual}]
    for trial, row in list(candidates.iterrows())[:MOST]:
        keys = {key: row[key] for key in SPACE}
        made = confirmed(nr.chip("rebit").set(keys), asked.data)
        rows.append({"design": f"trial {trial}", "keys": _plain(keys), **made})
        if made["accuracy"] >= usual["accuracy"] - usual["spread"]:
            made["runs"][0].save(asked.out / "report")
            break
    for one in rows:
        del one["runs"]
    document = {
        "rungs": RUNGS,
        "search_seed": asked.seed,
        "default_at_the_last_rung": {
            "accuracy": float(fixed["accuracy"][0]),
            "spread": float(fixed["accuracy spread"][0]),
        },
        "confirmation": {
            "images": IMAGES,
            "epochs": EPOCHS,
            "seeds": SEEDS,
            "test_images": TESTS,
        },
        "rows": rows,
    }
    (asked.out / "confirmed.json").write_text(json.dumps(document, indent=1) + "\n")


def _plain(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Keys and values as JSON has them."""
    return {k: v.item() if hasattr(v, "item") else v for k, v in keys.items()}


if __name__ == "__main__":
    main()
