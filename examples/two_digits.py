"""A problem of one's own as a NumPy archive: two handwritten digits side by side, 100 classes.

python examples/two_digits.py [FOLDER] [MNIST]

Archive, network and report go to FOLDER (examples/out); MNIST is the folder that has the four
files of that data set. Without it the digits that come with scikit-learn are used, and fewer pairs.
"""

import sys
from pathlib import Path

import numpy as np

import neurorebit as nr
from neurorebit.data.table import DATASETS
from neurorebit.layers.base import Shape

NETWORK = """\
name: two digits
source: made for this example; LeNet-5 with a wider map
input: {channels: 1, height: 28, width: 56}
classes: 100
layers:
  - {kind: conv, channels: 12, kernel: 5}
  - {kind: batch_norm}
  - {kind: relu}
  - {kind: max_pool, kernel: 2}
  - {kind: conv, channels: 24, kernel: 5}
  - {kind: batch_norm}
  - {kind: relu}
  - {kind: max_pool, kernel: 2}
  - {kind: flatten}
  - {kind: linear, features: 160}
  - {kind: batch_norm}
  - {kind: relu}
  - {kind: linear, features: 100}
training:
  dataset: two_digits.npz
  batch: 64
  learning_rate: 0.05
  augment: {pad: 1, flip: false}
"""

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples/out") / "two_digits"
mnist = Path(sys.argv[2]) if len(sys.argv) > 2 else None
digits = DATASETS["mnist" if mnist else "digits"].load(mnist, Shape(1, 28, 28))
pairs, tests, epochs = (20_000, 10_000, 4) if mnist else (4_000, 1_000, 3)

random = np.random.default_rng(1)


def side_by_side(images, labels, count):
    """So many random pairs [count, 28, 56], and 10 times the left digit plus the right one."""
    left, right = random.integers(0, len(images), (2, count))
    both = np.concatenate([images[left, ..., 0], images[right, ..., 0]], axis=2)
    return both, 10 * labels[left] + labels[right]


folder.mkdir(parents=True, exist_ok=True)
x_train, y_train = side_by_side(digits.train_images, digits.train_labels, pairs)
x_test, y_test = side_by_side(digits.test_images, digits.test_labels, tests)  # other digits
np.savez_compressed(
    folder / "two_digits.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test
)
(folder / "two_digits.yaml").write_text(NETWORK)

net = nr.network(folder / "two_digits.yaml").set("training.epochs", epochs)
for scheme in ("real", "hybrid"):
    done = nr.train(net, "rebit", scheme=scheme)
    print(f"{scheme}: {100 * done.accuracy:.2f} % of {tests:,} pairs of {digits.name}")
print("report and picture in", done.save(folder / "hybrid"))
