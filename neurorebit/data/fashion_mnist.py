"""Fashion-MNIST: clothes of 28 x 28 pixels (Xiao, Rasul, Vollgraf, arXiv:1708.07747)."""

from __future__ import annotations

from neurorebit.data.idx import Four

FILES = Four(
    title="Fashion-MNIST",
    word="fashion_mnist",
    mirrored=True,
    packed={
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
    unpacked={},
)
FASHION_MNIST = FILES.image_set(
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
    "fashion_mnist",
    "FashionMNIST/raw",
)
