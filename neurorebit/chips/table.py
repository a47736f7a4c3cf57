"""The organisations of chips, by name."""

from neurorebit.chips.hybrid.organisation import HYBRID
from neurorebit.chips.in_place.organisation import IN_PLACE
from neurorebit.chips.inference.organisation import INFERENCE
from neurorebit.chips.parts.organisation import Organisation
from neurorebit.chips.residual.organisation import RESIDUAL
from neurorebit.chips.sliced.organisation import SLICED
from neurorebit.chips.tiki_taka.organisation import CHOPPED, TIKI_TAKA, UNREFERENCED

ORGANISATIONS: dict[str, Organisation] = {
    "hybrid": HYBRID,
    "in_place": IN_PLACE,
    "tiki_taka": TIKI_TAKA,
    "chopped": CHOPPED,
    "unreferenced": UNREFERENCED,
    "residual": RESIDUAL,
    "inference": INFERENCE,
    "sliced": SLICED,
}
