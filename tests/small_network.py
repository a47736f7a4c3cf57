"""A small network file, and networks that are read from files with other layers or settings."""

from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, Setting

SMALL = """\
source: by hand
name: small
input: {channels: 2, height: 6, width: 8}
classes: 3
layers:
  - {kind: conv, channels: 4, kernel: 3, padding: 1}
  - {kind: batch_norm}
  - {kind: relu}
  - {kind: max_pool, kernel: 2}
  - {kind: flatten}
  - {kind: linear, features: 3}
activity:
  source: nothing
  input_density: 0.5, 0.25
training:
  batch: 16
recipe: quick
recipes:
  quick: {epochs: 2, images: 100}
  long: {epochs: 50, learning_rate: 0.01}
  bare:
"""


def setting(key, text):
    """A value set over the network file."""
    return Setting(key if key.startswith("training.") else f"network.{key}", text)


def written_network(folder, text=SMALL, recipe="", **sets):
    """The network of a file with this text; a key is written with ``__`` for its dots."""
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    given = [setting(key.replace("__", "."), value) for key, value in sets.items()]
    return read_network(Document(path, "network", "small.yaml"), recipe, given)


def with_layers(*layers, classes=3, image="{channels: 2, height: 6, width: 8}"):
    """The small network with other layers; the first stands on line 6."""
    head, _, rest = SMALL.partition("layers:\n")
    tail = rest[rest.index("activity:") :].replace("0.5, 0.25", "0.5")
    head = head.replace("classes: 3", f"classes: {classes}")
    head = head.replace("{channels: 2, height: 6, width: 8}", image)
    return f"{head}layers:\n" + "".join(f"  - {layer}\n" for layer in layers) + tail
