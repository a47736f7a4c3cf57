"""The kinds of layers that can be trained."""

from __future__ import annotations

from neurorebit.training.layers import add, avg_pool, batch_norm, flatten, matrix, max_pool, relu
from neurorebit.training.layers.base import Trained

TRAINED: dict[str, Trained] = {
    "conv": Trained(build=matrix.build, learns=True, takes_bytes=True, keeps=matrix.KEEPS),
    "conv1d": Trained(build=matrix.build, learns=True, takes_bytes=True, keeps=matrix.KEEPS),
    "linear": Trained(build=matrix.build, learns=True, takes_bytes=True, keeps=matrix.KEEPS),
    "batch_norm": Trained(
        build=batch_norm.build, learns=True, absorbs_rectifier=True, keeps=batch_norm.KEEPS
    ),
    "relu": Trained(build=relu.build, rectifier=True),
    "max_pool": Trained(build=max_pool.build),
    "avg_pool": Trained(build=avg_pool.build),
    "flatten": Trained(build=flatten.build, takes_bytes=True),
    "add": Trained(build=add.build),
}
