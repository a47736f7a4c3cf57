"""Schemes, data sets, converters and layer kinds are named in their rooms and nowhere else."""

import ast
import re
from functools import cache
from pathlib import Path

from house import House, nodes, of_each

import neurorebit
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.data.table import DATASETS
from neurorebit.layers.table import KINDS
from neurorebit.schemes.table import SCHEMES

MODULES = House(Path(neurorebit.__file__).parent).modules
OTHERS = [name for name in MODULES if name.split(".")[0] not in ("schemes", "data")]
# words that mean something else as well, and where
ORGANISATIONS = {"hybrid", "tiki_taka", "residual"}  # of chips
MEANT = {
    "chips.hybrid.spec": ORGANISATIONS,
    "chips.table": ORGANISATIONS,
    "chips.parts.parallel": {"reram"},  # a macro's default name
    "chips.in_place.reram": {"reram"},
    "chips.parts.phases": {"reram"},  # a kind of device
    "layers.network": {"real"},  # a layer's own scheme, which says that it stands in no cells
    "schema.device": {"reram"},
    "schema.training": {"real", "wage", "cifar10"},  # an error path, a quantiser, a data set
    "results.pictures": {"real"},  # a view of weights
    "results.pages.report.training": {"real"},  # the same
    # the same weights by operations of PyTorch, a line a scheme
    "torch.operations.followed": {"real", "quantized"},
    "torch.operations.in_place": {"mixed_precision", "manhattan"},
    "torch.operations.table": {"quantized", "mixed_precision", "manhattan"},
}
# named like a scheme; the chip of several arrays a weight has the pulses of that of two
ROOMS = {"tiki_taka": ("chips.tiki_taka", "chips.residual", "chips.table")}
# words that are a scheme's alone, wherever they stand in a text or a name
ALONE = {"quantized", "reram_mapped", "mixed_precision", "tiki_taka", "manhattan", "cifar10"}


@cache
def texts(module):
    """The texts of a module, docstrings among them."""
    return {
        node.value
        for node in nodes(MODULES[module])
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@cache
def names(module):
    """The names that it defines and uses."""
    return {
        name
        for node in nodes(MODULES[module])
        for attribute in ("id", "attr", "name", "arg")
        if isinstance(name := getattr(node, attribute, None), str)
    }


@cache
def folded(text):
    """A text's letters; the page of the documentation that it names is left out."""
    return re.sub(r"[^a-z0-9]|docs/models/\S+", "", text.lower())


@of_each(OTHERS)
def test_no_text_is_the_name_of_a_scheme_or_a_data_set(module):
    known = {*SCHEMES, *DATASETS} - MEANT.get(module, set())
    assert not known & texts(module)


@of_each(OTHERS)
def test_no_text_or_name_has_a_word_that_is_a_scheme_s_alone(module):
    meant = MEANT.get(module, set())
    alone = {word for word in ALONE if not module.startswith(ROOMS.get(word, "-"))} - meant
    for text in (*texts(module), *names(module)):
        assert not any(folded(word) in folded(text) for word in alone), text


def identifiers(module):
    """The words of its names, as ``batch_norm`` of ``absorbs_batch_norm`` and of ``BatchNorm``."""
    for name in names(module):
        yield re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


# rooms that take layers of any kind
NEUTRAL = ("circuits", "chips", "inputs", "estimation", "results", "studies", "library", "commands")
ELSEWHERE = {  # module: words that mean something else there
    "circuits.encoder": {"flash"},  # the code that it encodes
    "circuits.pooling": {"max_pool"},  # a block
    "results.pages.plots": {"pad"},  # a key of Plotly's treemaps
    "studies.rebill": {"flash"},  # a key of older reports
}


SLOPES = {"integrating", "ramp"}  # kinds whose words are those of voltages and of charges as well


@of_each(m for m in MODULES if not m.startswith("circuits.converters"))
def test_no_converter_is_named_outside_its_file(module):
    known = set(CONVERTERS) - ELSEWHERE.get(module, set()) - SLOPES
    for text in (*texts(module), *identifiers(module)):
        assert not known & set(re.findall(r"[a-z]+(?:_[a-z]+)*", text.lower())), text
    for word in identifiers(module):
        assert not {f"{kind}_adc" for kind in known} & {word}, word


# kinds whose words are those of arrays and of arithmetic as well
EVERYDAY = {
    "add", "constant", "expand", "flatten", "function", "linear", "matmul", "multiply", "positions",
    "reduce", "reshape", "scale", "slice", "take", "tanh",
}  # fmt: skip
IMPORTERS = "inputs.importers."  # they say which kind an operator of another tool is


@of_each(m for m in MODULES if m.split(".")[0] in NEUTRAL and not m.startswith(IMPORTERS))
def test_no_kind_of_layer_is_named_by_what_is_to_take_any(module):
    known = set(KINDS) - ELSEWHERE.get(module, set()) - EVERYDAY
    assert not known & texts(module)
    assert not known & set(identifiers(module))


def test_each_word_that_is_meant_otherwise_still_stands_there():
    for module, words in MEANT.items():
        assert words & texts(module) or any(
            folded(word) in folded(name) for word in words for name in names(module)
        ), module
