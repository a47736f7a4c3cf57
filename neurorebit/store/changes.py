"""What has become of the inputs that a run read: the same content, another one, or gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neurorebit.schema.provenance import of_file
from neurorebit.schema.yaml_text import LARGEST
from neurorebit.store.record import Input, Run

SHORT = 12  # characters of a digest


@dataclass(frozen=True)
class Change:
    """An input whose content is another one now; ``sha256``: its digest, None where it is gone."""

    was: Input
    sha256: str | None

    @property
    def text(self) -> str:
        """The change for a reader."""
        what = f"{self.was.kind} {self.was.name} ({self.was.place})"
        if self.sha256 is None:
            return f"{what} is gone"
        return f"{what} has changed: sha256 {self.was.sha256[:SHORT]} -> {self.sha256[:SHORT]}"


def changes(run: Run) -> Iterator[Change]:
    """The files that a run read and that are not what they were; data sets are not looked at."""
    for one in run.inputs:
        if one.place is None or not one.sha256:
            continue
        digests = _digests(Path(one.place))
        if one.sha256 not in digests:
            yield Change(one, digests[0] if digests else None)


def between(first: Run, second: Run) -> Iterator[str]:
    """What two runs of the same command read of different content."""
    before = {(one.kind, one.name): one.sha256 for one in first.inputs}
    for one in second.inputs:
        was = before.get((one.kind, one.name))
        if was is not None and was != one.sha256:
            digests = f"sha256 {was[:SHORT]} -> {one.sha256[:SHORT]}"
            yield f"{one.kind} {one.name} was another one: {digests}"


def _digests(path: Path) -> list[str]:
    """The digests of a file: of its bytes, and of the text that it is, whatever ends its lines."""
    try:
        found = [of_file(path)]
        if path.stat().st_size > LARGEST:
            return found
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError:
        return []
    except UnicodeDecodeError:
        return found
    return [*found, hashlib.sha256(text.encode()).hexdigest()]
