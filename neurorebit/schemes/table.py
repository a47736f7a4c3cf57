"""The training schemes by the word that files use for them."""

from __future__ import annotations

from neurorebit.schemes.deployed import DEPLOYED
from neurorebit.schemes.hybrid import HYBRID
from neurorebit.schemes.low_rank import LOW_RANK
from neurorebit.schemes.manhattan import MANHATTAN
from neurorebit.schemes.mixed_precision import MIXED_PRECISION
from neurorebit.schemes.panther import PANTHER
from neurorebit.schemes.parts.scheme import Scheme
from neurorebit.schemes.quantized import QUANTIZED
from neurorebit.schemes.real import REAL
from neurorebit.schemes.reram import RERAM
from neurorebit.schemes.reram_mapped import RERAM_MAPPED
from neurorebit.schemes.residual import RESIDUAL
from neurorebit.schemes.tiki_taka import AGAD, TIKI_TAKA, TIKI_TAKA_CHOPPED
from neurorebit.schemes.wage import WAGE
from neurorebit.schemes.wage_reram import WAGE_RERAM

SCHEMES: dict[str, Scheme] = {
    "real": REAL,
    "quantized": QUANTIZED,
    "hybrid": HYBRID,
    "reram_mapped": RERAM_MAPPED,
    "reram": RERAM,
    "mixed_precision": MIXED_PRECISION,
    "low_rank": LOW_RANK,
    "tiki_taka": TIKI_TAKA,
    "tiki_taka_chopped": TIKI_TAKA_CHOPPED,
    "agad": AGAD,
    "residual": RESIDUAL,
    "manhattan": MANHATTAN,
    "panther": PANTHER,
    "wage": WAGE,
    "wage_reram": WAGE_RERAM,
    "deployed": DEPLOYED,
}
