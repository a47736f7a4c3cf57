"""What a run gives a program: an estimate, or a training with the estimate of its chip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from neurorebit.results import folder
from neurorebit.results.document import NAME, Json, epoch_keys, read_any
from neurorebit.results.frames import as_html, frame, of_rows
from neurorebit.results.parts import phases_of
from neurorebit.results.pipeline import KINDS as PIPELINE_KINDS
from neurorebit.results.pipeline import name as limit_name
from neurorebit.results.spending import Spent, after_epochs, first_at
from neurorebit.results.writers import table, text
from neurorebit.results.writers.layout import defined
from neurorebit.results.writers.summary import COUNTED, answers
from neurorebit.schema import Argument, InputError

if TYPE_CHECKING:
    import pandas as pd

    from neurorebit.weights.archive import NetworkWeights

PHASE_KEYS = (
    "per", "ops", "energy_J", "leakage_energy_J", "dram_energy_J", "macro_energy_J", "latency_s",
    "power_W", "energy_delay_Js", "tops", "tops_per_mm2", "tops_per_W", "tops_per_W_macro",
    "tops_per_W_with_dram",
)  # fmt: skip
LAYER_KEYS = (
    "layer", "kind", "macs", "utilization", "area_m2", "phase", "per", "energy_J", "dram_energy_J",
    "latency_s", "slowest_stream",
)  # fmt: skip
PLAN_KEYS = ("layer", "part", "copies", "tiles", "pes", "macros", "area_m2")
PIPELINE_KEYS = ("of", "phases", "layers", "interval_s", "fill_s", "time_s", "limit")
TOTAL_KEYS = (
    "images", "energy_J", "dram_energy_J", "energy_with_dram_J", "latency_s", "power_W",
    "images_per_s", "energy_delay_Js",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """A report document, and what is read from it. ``document`` is what report.json holds."""

    document: Json

    @property
    def title(self) -> str:
        """The network and what its chip is made of."""
        of = self.document
        return f"{of['network']} on {of['architecture']}, {of['technology']}, {of['device']}"

    @property
    def text(self) -> str:
        """The whole report for a reader, as report.txt has it."""
        return text.write(self.document)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know first: notes, what ablations leave out, keys without effect."""
        of = self.document
        return (*of["notes"], *of["ablations"], *of.get("idle", ()))

    @property
    def _headline(self) -> tuple[tuple[str, str], ...]:
        """The answers that the text of the report begins with; no accuracy where none is asked."""
        return tuple(pair for pair in answers(self.document) if pair[0] != "Accuracy")

    def save(self, place: str | Path, *, replace: bool = False) -> Path:
        """Write the report folder that ``neurorebit run`` writes, and return its path.

        InputError where it cannot be written, or holds the report of another training, unless
        ``replace`` is true.
        """
        path = Path(place)
        if not replace and self._in_the_way(path):
            cure = "name another folder, or have it replaced with ", Argument("replace")
            message = "holds the report of another training"
            raise InputError(message, origin=Argument("place", path), value=path, cure=cure)
        folder.write(path, table.files(self.document))
        return path

    def _in_the_way(self, path: Path) -> bool:
        """Whether a folder has the report of a training that this is not the report of."""
        if not (path / NAME).is_file():
            return False
        try:
            there = read_any(path).get("training")
        except InputError:
            return True
        own = self.document["training"]
        return there is not None and (
            own is None or there["weights_sha256"] != own["weights_sha256"]
        )

    def __repr__(self) -> str:
        rows = defined(self._headline)
        return "\n".join([self.title, rows, *(f"- {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        return as_html(self.title, self._headline, self.notes)


class Estimate(Report):
    """What a chip costs: area and leakage, and energy and time of each phase, layer and part."""

    @property
    def area(self) -> float:
        """Area of the chip [m^2]."""
        return float(self.document["chip"]["area_m2"])

    @property
    def leakage(self) -> float:
        """Leakage power of the chip [W]."""
        return float(self.document["chip"]["leakage_W"])

    @property
    def energy(self) -> float:
        """Energy of training on one image, with its share of an iteration, without DRAM [J].

        Of a chip that only infers: of recognising one.
        """
        return float(self._image["energy_J"])

    @property
    def latency(self) -> float:
        """Time of training on one image, with its share of an iteration [s].

        Of a chip that only infers: of recognising one.
        """
        return float(self._image["latency_s"])

    @property
    def images_per_s(self) -> float:
        """Images a second: trained on, or recognised by a chip that only infers."""
        return float(self._image["images_per_s"])

    @cached_property
    def pipeline(self) -> pd.DataFrame:
        """A row for each step of inference and of a training in a pipeline, and the part of the
        chip that it waits for; none where layers follow each other.

        ``interval_s`` [s]: time between images, ``fill_s`` [s] of the first one, ``time_s`` [s] of
        a batch.
        """
        found = self.document.get("pipeline") or {}
        rows = [
            {
                "of": kind,
                **{key: step[key] for key in ("interval_s", "fill_s", "time_s")},
                **{key: ", ".join(step[key]) for key in ("phases", "layers")},
                "limit": limit_name(step["limits"][0]) if step["limits"] else "",
            }
            for kind in PIPELINE_KINDS
            if found.get(kind) is not None
            for step in found[kind]["steps"]
        ]
        return of_rows(rows, PIPELINE_KEYS)

    @property
    def _image(self) -> Json:
        totals: Json = self.document["totals"]
        image: Json = totals["inference"] if totals["image"] is None else totals["image"]
        return image

    @property
    def phase_names(self) -> tuple[str, ...]:
        """The phases that the chip has: inference, those of training, programming of all cells."""
        return phases_of(self.document)

    @cached_property
    def phases(self) -> pd.DataFrame:
        """A row for each phase: operations, energy [J], time [s], TOPS and TOPS/W.

        Numbers are for one image, one iteration or the whole network, as the column ``per`` says.
        ``tops_per_W`` is with leakage and without DRAM.
        """
        rows = [{"phase": name, **self.document["phases"][name]} for name in self.phase_names]
        return of_rows(rows, ("phase", *PHASE_KEYS), index="phase")

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Energy [J] and time [s] of one inference, of training on one image, an iteration and an
        epoch; a row for each.
        """
        rows = [{"of": name, **total} for name, total in self.document["totals"].items() if total]
        return of_rows(rows, ("of", *TOTAL_KEYS), index="of")

    @cached_property
    def counts(self) -> pd.DataFrame:
        """A row for each part of the chip that has tiles: tiles, PEs, macros and converters."""
        rows = [
            {"part": name, **counts} for name, counts in self.document["chip"]["counts"].items()
        ]
        return of_rows(rows, ("part", *COUNTED), index="part")

    @cached_property
    def layers(self) -> pd.DataFrame:
        """A row for each layer and phase: energy with leakage [J], DRAM energy [J], time [s].

        The last layer, ``chip``, has what belongs to no layer. ``utilization`` is the share of the
        layer's cells that hold weights, ``area_m2`` the area [m^2] of the layer's tiles, and
        ``slowest_stream`` names what the time of the layer is that of.
        """
        rows = [
            {
                "layer": layer["name"],
                **{key: layer[key] for key in ("kind", "macs", "utilization", "area_m2")},
                "phase": name,
                "per": self.document["phases"][name]["per"],
                **layer["phases"][name],
            }
            for layer in self.document["layers"]
            for name in self.phase_names
        ]
        return of_rows(rows, LAYER_KEYS)

    @cached_property
    def floorplan(self) -> pd.DataFrame:
        """A row for each layer and part of the chip where it has tiles: its copies, tiles, PEs and
        macros, and the area of these tiles [m^2]. Fractions where layers share tiles; no row in
        reports of versions that did not record it.
        """
        rows = [
            {"layer": layer["name"], "part": part, "copies": plan["copies"], **counts}
            for layer in self.document["layers"]
            if (plan := layer.get("floorplan")) is not None
            for part, counts in plan["parts"].items()
        ]
        return of_rows(rows, PLAN_KEYS)

    @cached_property
    def parts(self) -> pd.DataFrame:
        """A row for each part: area [m^2], leakage [W], and energy in each phase [J].

        Energy is for one image or one iteration, as ``phases.per`` says. What leakage adds to the
        energy of a phase stands in rows of its own, ``leakage/PART``.
        """
        chip, phases = self.document["chip"], self.document["phases"]
        columns = {
            "area_m2": chip["area_by_part_m2"],
            "leakage_W": chip["leakage_by_part_W"],
            **{f"{name}_energy_J": phases[name]["energy_by_part_J"] for name in self.phase_names},
        }
        parts = list(dict.fromkeys(part for amounts in columns.values() for part in amounts))
        values = {
            name: [amounts.get(part, 0.0) for part in parts] for name, amounts in columns.items()
        }
        return frame({"part": parts, **values}, index="part")


@dataclass(frozen=True, eq=False, repr=False)
class Run(Report):
    """A training and the estimate of the chip that it ran on, with the activity measured in it.

    ``weights`` is what was learned, by layer and array; None where nothing was trained, or the run
    was read from its report.
    """

    weights: NetworkWeights | None = None

    @cached_property
    def estimate(self) -> Estimate:
        """What the chip costs."""
        return Estimate(self.document)

    @property
    def training(self) -> Json | None:
        """The record of the training as report.json has it, None where nothing was trained."""
        record: Json | None = self.document["training"]
        return record

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """A row for each epoch, by its number: loss, accuracies (0 to 1), cells programmed,
        images per second and seconds; no row where nothing was trained. Of a regression, RMSE and
        R2 in place of accuracies.
        """
        rows = self.training["epochs"] if self.training else ()
        return of_rows(rows, epoch_keys(self.training), index="epoch")

    @property
    def spent(self) -> tuple[Spent, ...]:
        """Accuracy, energy [J] and cells programmed from the first step on, after each epoch."""
        return after_epochs(self.document)

    def energy_to(self, accuracy: float) -> Spent | None:
        """What was spent until a test first reached an accuracy (0 to 1); None where none did.

        Energies are None of software, which has no chip.
        """
        return first_at(self.spent, accuracy)

    @property
    def accuracy(self) -> float | None:
        """The share of test images that the chip classifies correctly at the end (0 to 1).

        None where nothing was trained, the training ended before its first test, or numbers were
        learned (``r2``, ``rmse``).
        """
        return self.training["test_accuracy"] if self.training else None

    @property
    def r2(self) -> float | None:
        """The coefficient of determination of a regression on the test images, mean of outputs.

        None where no numbers were learned or tested, or a target never changes.
        """
        return self.training.get("test_r2") if self.training else None

    @property
    def rmse(self) -> float | None:
        """The root of the mean squared error of a regression on the test images, over all outputs.

        None where no numbers were learned or tested.
        """
        return self.training.get("test_rmse") if self.training else None

    @property
    def interrupted(self) -> bool:
        """Whether the training was ended early, by an interrupt or since its time was up."""
        record = self.training
        return record is not None and (record["interrupted"] or record["out_of_time"])

    @property
    def diverged(self) -> bool:
        """Whether the loss or a weight was no longer a number."""
        return self.training is not None and bool(self.training["diverged"])

    @property
    def _headline(self) -> tuple[tuple[str, str], ...]:
        return answers(self.document)
