"""The kinds of layers, by the word that a network file has for each."""

from neurorebit.layers.add import Add
from neurorebit.layers.attention import Attention
from neurorebit.layers.avg_pool import AvgPool
from neurorebit.layers.base import Layer
from neurorebit.layers.batch_norm import BatchNorm
from neurorebit.layers.combine import Combine
from neurorebit.layers.concat import Concat
from neurorebit.layers.constant import Constant
from neurorebit.layers.conv import Conv
from neurorebit.layers.conv1d import Conv1d
from neurorebit.layers.conv_transpose import ConvTranspose
from neurorebit.layers.dropout import Dropout
from neurorebit.layers.elu import Elu
from neurorebit.layers.embedding import Embedding
from neurorebit.layers.expand import Expand
from neurorebit.layers.flatten import Flatten
from neurorebit.layers.function import Function
from neurorebit.layers.gelu import Gelu
from neurorebit.layers.group_norm import GroupNorm
from neurorebit.layers.gru import Gru
from neurorebit.layers.hard_sigmoid import HardSigmoid
from neurorebit.layers.hard_swish import HardSwish
from neurorebit.layers.layer_norm import LayerNorm
from neurorebit.layers.leaky_relu import LeakyRelu
from neurorebit.layers.linear import Linear
from neurorebit.layers.local_norm import LocalNorm
from neurorebit.layers.lstm import Lstm
from neurorebit.layers.matmul import Product
from neurorebit.layers.max_pool import MaxPool
from neurorebit.layers.multiply import Multiply
from neurorebit.layers.pad import Pad
from neurorebit.layers.permute import Permute
from neurorebit.layers.positions import Positions
from neurorebit.layers.reduce import Reduce
from neurorebit.layers.relu import Relu
from neurorebit.layers.relu6 import Relu6
from neurorebit.layers.reshape import Reshape
from neurorebit.layers.resize import Resize
from neurorebit.layers.rnn import Rnn
from neurorebit.layers.scale import Scale
from neurorebit.layers.shuffle import Shuffle
from neurorebit.layers.sigmoid import Sigmoid
from neurorebit.layers.silu import Silu
from neurorebit.layers.slice import Slice
from neurorebit.layers.softmax import Softmax
from neurorebit.layers.take import Take
from neurorebit.layers.tanh import Tanh
from neurorebit.layers.upsample import Upsample

KINDS: dict[str, type[Layer]] = {
    "conv": Conv,
    "conv1d": Conv1d,
    "conv_transpose": ConvTranspose,
    "linear": Linear,
    "max_pool": MaxPool,
    "avg_pool": AvgPool,
    "upsample": Upsample,
    "batch_norm": BatchNorm,
    "relu": Relu,
    "flatten": Flatten,
    "add": Add,
    "relu6": Relu6,
    "leaky_relu": LeakyRelu,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "gelu": Gelu,
    "silu": Silu,
    "hard_swish": HardSwish,
    "hard_sigmoid": HardSigmoid,
    "elu": Elu,
    "multiply": Multiply,
    "concat": Concat,
    "scale": Scale,
    "layer_norm": LayerNorm,
    "group_norm": GroupNorm,
    "dropout": Dropout,
    "matmul": Product,
    "softmax": Softmax,
    "embedding": Embedding,
    "positions": Positions,
    "attention": Attention,
    "lstm": Lstm,
    "gru": Gru,
    "rnn": Rnn,
    "reshape": Reshape,
    "permute": Permute,
    "shuffle": Shuffle,
    "slice": Slice,
    "take": Take,
    "pad": Pad,
    "expand": Expand,
    "constant": Constant,
    "reduce": Reduce,
    "function": Function,
    "combine": Combine,
    "local_norm": LocalNorm,
    "resize": Resize,
}
