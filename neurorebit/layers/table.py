"""The kinds of layers, by the word that a network file has for each."""

from neurorebit.layers.add import Add
from neurorebit.layers.avg_pool import AvgPool
from neurorebit.layers.base import Layer
from neurorebit.layers.batch_norm import BatchNorm
from neurorebit.layers.conv import Conv
from neurorebit.layers.flatten import Flatten
from neurorebit.layers.linear import Linear
from neurorebit.layers.max_pool import MaxPool
from neurorebit.layers.relu import Relu

KINDS: dict[str, type[Layer]] = {
    "conv": Conv,
    "linear": Linear,
    "max_pool": MaxPool,
    "avg_pool": AvgPool,
    "batch_norm": BatchNorm,
    "relu": Relu,
    "flatten": Flatten,
    "add": Add,
}
