"""Words of files whose meanings stand in rooms that readers may not import: the lists are alike.

These tables hold entries of Numba kernels, which no estimate may load; so the sections of the files
repeat their keys, in the tables' order.
"""

from typing import get_args, get_type_hints

import pytest

from neurorebit.schema.device import Variation
from neurorebit.schema.training import Training
from neurorebit.schemes.parts.arrays import MAPPINGS
from neurorebit.schemes.parts.cells import NOISES, SPREADS
from neurorebit.schemes.parts.followed import WRITES


@pytest.mark.parametrize(
    ("section", "key", "table", "others"),
    [
        (Training, "mapping", MAPPINGS, ()),
        (Training, "write", WRITES, ("direct",)),  # which takes no pulses
        (Variation, "pulse_d2d", SPREADS, ()),
        (Variation, "pulse_c2c", NOISES, ()),
    ],
)
def test_the_words_of_a_file_are_the_keys_of_its_table(section, key, table, others):
    assert get_args(get_type_hints(section)[key]) == (*others, *table)
