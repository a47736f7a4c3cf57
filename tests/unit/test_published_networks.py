"""Shipped networks have the size that was published: multiplications and learned numbers.

Of torchvision's models both stand in the metadata of its weights (multiplications rounded to a
million). Others: BERT-base in the model card of its first publication (110 million) and, to the
number, in the sum over its tables and matrices; GPT-2 small as nanoGPT's notebook on the sizes of
transformers counts it (forward 291,648,307,200 operations at 1024 words); DeiT-Ti 5.7 million and
1.3 GFLOPs in H. Touvron et al., table 1 and 7; U-Net as printed for the implementation that its
file names. All but DeiT-Ti's multiplications are held to the last digit.
"""

from itertools import pairwise

import pytest

from neurorebit.inputs.files import read_inputs
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, paths
from neurorebit.training.model import refuse_untrainable

MILLION = 1_000_000


def shipped(name):
    return read_network(Document(paths.shipped("network", name)))


@pytest.mark.parametrize(
    ("name", "macs", "parameters"),
    [
        ("resnet50", 4_089, 25_557_032),
        ("mobilenet_v2", 301, 3_504_872),
        ("densenet121", 2_834, 7_978_856),
        ("efficientnet_b0", 386, 5_288_548),
    ],
)
def test_networks_for_images(name, macs, parameters):
    network = shipped(name)
    assert round(network.macs / MILLION) == macs
    assert network.parameters == parameters


@pytest.mark.parametrize(
    ("name", "macs"),
    [("mobilenet_v2", 300_774_272), ("densenet121", 2_834_161_664)],
)
def test_graphs_exported_from_pytorch_were_counted_alike(name, macs):
    assert shipped(name).macs == macs


def test_unet():
    """Down: 9 (3 + 64) 64 + 9 (64 + 128) 128 ... multiplications a pixel, of which each level has a
    quarter of those of the level above.
    """
    network = shipped("unet")
    assert network.parameters == 31_037_698
    widths, pixels = (3, 64, 128, 256, 512, 1024), 256 * 256
    down = sum(
        9 * (before + width) * width * pixels // 4**level
        for level, (before, width) in enumerate(pairwise(widths))
    )
    up = sum(
        9 * (2 * width + width) * width * pixels // 4**level
        + 4 * (2 * width) * width * pixels // 4 ** (level + 1)
        for level, width in enumerate((64, 128, 256, 512))
    )
    assert network.macs == down + up + 64 * 2 * pixels


def test_vit_tiny():
    """196 patches and a token of 192 features, twelve blocks, three heads."""
    network = shipped("vit_tiny")
    assert network.parameters == 5_717_416
    block = 4 * 192**2 * 197 + 2 * 197**2 * 192 + 8 * 192**2 * 197
    assert network.macs == 3 * 16**2 * 192 * 196 + 12 * block + 192 * 1000
    assert round(network.macs / 1e9, 1) == 1.3


def test_bert_base():
    """As a graph exported from PyTorch was counted, with the pooler that it leaves out."""
    network = shipped("bert_base")
    assert network.macs == 11_173_625_856 + 768 * 768
    tables = (30_522 + 512 + 2) * 768 + 2 * 768
    block = 4 * (768**2 + 768) + 768 * 3072 + 3072 + 3072 * 768 + 768 + 4 * 768
    assert network.parameters == tables + 12 * block + 768**2 + 768 == 109_482_240


def test_gpt2_small():
    network = shipped("gpt2_small")
    assert 2 * network.macs == 291_648_307_200
    assert network.parameters == 124_439_808


def test_lstm():
    """20 million in the paper: tables of 10,000 words, two layers of 650 units, each with two
    biases for each gate, and as many scores.
    """
    network = shipped("lstm")
    table, layer = 10_000 * 650, 4 * (2 * 650**2 + 2 * 650)
    assert network.parameters == table + 2 * layer + table + 10_000
    assert round(network.parameters / MILLION) == 20
    assert network.macs == 35 * (2 * 8 * 650**2 + table)


@pytest.mark.parametrize("name", ["vit_tiny", "bert_base", "gpt2_small", "lstm"])
def test_sequences_are_estimated_and_not_trained(name):
    with pytest.raises(ValueError, match="can be estimated but not trained"):
        refuse_untrainable(read_inputs(name).network)
