"""The kinds of layers that can be trained."""

from __future__ import annotations

from neurorebit.training.layers import (
    activation,
    add,
    avg_pool,
    batch_norm,
    concat,
    dropout,
    flatten,
    group_norm,
    matrix,
    max_pool,
    multiply,
    relu,
    scale,
    upsample,
)
from neurorebit.training.layers.base import Trained

TRAINED: dict[str, Trained] = {
    "conv": Trained(build=matrix.build, learns=True, takes_bytes=True, keeps=matrix.KEEPS),
    "conv1d": Trained(build=matrix.build, learns=True, takes_bytes=True, keeps=matrix.KEEPS),
    "conv_transpose": Trained(
        build=matrix.build, learns=True, takes_bytes=True, keeps=matrix.KEEPS
    ),
    "linear": Trained(build=matrix.build, learns=True, takes_bytes=True, keeps=matrix.KEEPS),
    "batch_norm": Trained(
        build=batch_norm.build,
        learns=True,
        absorbs_rectifier=True,
        over_batch=True,
        keeps=batch_norm.KEEPS,
    ),
    "relu": Trained(build=relu.build, rectifier=True),
    "max_pool": Trained(build=max_pool.build),
    "avg_pool": Trained(build=avg_pool.build),
    "upsample": Trained(build=upsample.build),
    "flatten": Trained(build=flatten.build, takes_bytes=True),
    "add": Trained(build=add.build),
    "relu6": Trained(build=activation.build_of(activation.RELU6)),
    "leaky_relu": Trained(build=activation.build_leaky_relu),
    "sigmoid": Trained(build=activation.build_of(activation.SIGMOID)),
    "tanh": Trained(build=activation.build_of(activation.TANH)),
    "gelu": Trained(build=activation.build_gelu),
    "silu": Trained(build=activation.build_of(activation.SILU)),
    "hard_swish": Trained(build=activation.build_of(activation.HARD_SWISH)),
    "hard_sigmoid": Trained(build=activation.build_of(activation.HARD_SIGMOID)),
    "elu": Trained(build=activation.build_elu),
    "multiply": Trained(build=multiply.build),
    "concat": Trained(build=concat.build),
    "scale": Trained(build=scale.build),
    "layer_norm": Trained(build=group_norm.build, learns=True, keeps=group_norm.KEEPS),
    "group_norm": Trained(build=group_norm.build, learns=True, keeps=group_norm.KEEPS),
    "dropout": Trained(build=dropout.build),
}
