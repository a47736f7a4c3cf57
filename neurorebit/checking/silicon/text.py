"""The comparison with silicon as text: a part for each macro, a line for each, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tabulate import tabulate

from neurorebit.checking.silicon.compared import UNITS
from neurorebit.checking.silicon.outcome import FACTOR, LEAST, POINTS, Compared, Outcome
from neurorebit.checking.silicon.record import Record
from neurorebit.checking.silicon.rows import Row
from neurorebit.schema.units import show

NEAR = {
    "paper": "from the paper",
    "transcribed": "transcribed by others",
    "headline": "from an abstract",
}


def text(outcome: Outcome) -> str:
    """All macros, a table with a line for each, and the criteria that do not hold."""
    parts = ["\n\n".join(_macro(each)) for each in outcome.macros]
    return "\n\n\n".join([*parts, _summary(outcome), _verdict(outcome)])


def _macro(each: Compared) -> Iterator[str]:
    yield _head(each.silicon.record)
    yield table(
        ("point", "use", "figure", "ours", "fitted", "silicon", "ours / silicon", "", "fitted", ""),
        [_row(row) for row in each.rows],
        "lllrrrrrrr",
    )
    if each.shares:
        yield table(
            ("share of", "point", "part", "ours", "fitted", "silicon", "difference"),
            [
                (s.of, s.point, s.name, *(f"{v:.1%}" for v in (s.blind, s.fitted, s.silicon)),
                 f"{100 * s.difference:+.1f} points")
                for s in each.shares
            ],
            "lllrrrr",
        )  # fmt: skip
    yield "\n".join(said(each))


def _head(record: Record) -> str:
    doi = record.doi if isinstance(record.doi, str) else ", ".join(record.doi or ())
    source = f"doi {doi}" if doi else record.source
    about = [f"grade {record.grade}", record.evidence, NEAR[record.near]]
    if record.reading_error is not None:
        about.append(f"reading error {float(record.reading_error):.0%}")
    about += [f"structure {record.macro.kind}"]  # type: ignore[attr-defined]
    title = f"{record.id}  {record.silicon}"
    return "\n".join([title, *(f"    {line}" for line in (source, ", ".join(about)) if line)])


def said(each: Compared) -> Iterator[str]:
    """The constant, what is given, assumptions: all that stands behind the figures of a macro."""
    record = each.silicon.record
    yield _constant(each)
    yield from said_of(record)
    yield from each.notes


def _constant(each: Compared) -> str:
    """The constant with its value, and what it was fitted on."""
    record = each.silicon.record
    if each.fitted is None:
        return "constant: none" if record.constant is None else f"constant: {each.impossible}"
    one = each.fitted.constant
    on = f"fitted on the {one.of} of {each.fitted.point}"
    why = f" ({one.why})" if one.why else ""
    what = one.key or f"factor on {', '.join(one.parts)}"
    return f"constant: {one.name} = {each.fitted.shown}, {what}; {on}{why}"


def said_of(record: Record) -> Iterator[str]:
    """What a record gives and assumes."""
    for given in record.given:
        yield f"given: {given.what}{_given(given)}{f' ({given.why})' if given.why else ''}"
    for role, origin in record.supplies.items():
        vdd = f" at {float(origin.vdd):g} V" if origin.vdd is not None else ""
        changed = f", changed: {', '.join(origin.set)}" if origin.set else ""
        yield f"supply {role}: {origin.file}{vdd}{changed}"
    if record.device is not None:
        yield f"device: {record.device.file}"
    if record.scope:
        yield f"the measured energy holds: {', '.join(record.scope)}"
    for kind, parts in record.without.items():
        yield f"left out of our {kind}: {', '.join(parts)}"
    yield from _assembly(record)
    for assumed in record.assumptions:
        value = f" = {assumed.value}" if assumed.value else ""
        yield f"assumed: {assumed.key}{value} ({assumed.why})"
    if record.note:
        yield f"note: {record.note}"


def _assembly(record: Record) -> Iterator[str]:
    """How blocks are put together, as far as it adds to their area."""
    how = record.assembly
    said = [
        f"placed gates fill {float(how.utilisation):.0%} of their rows",
        f"arrays end in {float(how.edge_cells):g} rows and columns of cells without use",
        f"channels take {float(how.channels):.0%} of the macro" if how.channels else "",
        f"decoupling takes {float(how.decoupling):.0%} of it" if how.decoupling else "",
    ]
    yield f"area: {', '.join(part for part in said if part)}"


def _given(given: Any) -> str:
    """The figures of what is given."""
    parts = [
        f"{show(float(value), unit, 4)}" if unit else f"{float(value):.1%} of the energy"
        for value, unit in (
            (given.energy, "J"), (given.power, "W"), (given.share, ""), (given.area, "m2"),
        )
        if value is not None
    ]  # fmt: skip
    parts += [f"of each of the {given.each} that work"] if given.each else []
    parts += [f"key {given.key}"] if given.key else []
    return f", {', '.join(parts)}" if parts else ""


def _row(row: Row) -> tuple[str, ...]:
    unit = UNITS[row.kind]
    figure = f"{row.figure} of {row.of}" if row.of else row.figure
    figure += f" ({row.given} given)" if row.given else ""
    values = (row.blind, row.fitted, row.silicon)
    shown = ["-" if value is None else _value(value, row.kind, unit) for value in values]
    ratios = [text for fitted in (False, True) for text in _ratio(row.ratio(fitted))]
    return row.point, row.part, figure, *shown, *ratios


def _value(value: float, kind: str, unit: str) -> str:
    """A value with its unit; energies are those of an operation, areas in mm2."""
    if kind == "area":
        return f"{value * 1e6:.4g} mm2"
    if kind == "density":
        return f"{value * 1e-18:.4g} TOPS/mm2"
    if kind == "speed":
        return f"{value * 1e-12:.4g} TOPS"
    return show(value, unit)


def _ratio(ratio: float | None) -> tuple[str, str]:
    return ("-", "") if ratio is None else (f"{ratio:.3g}", f"{100 * (ratio - 1):+.1f} %")


def _summary(outcome: Outcome) -> str:
    """A line for each macro."""
    rows = []
    for each in outcome.macros:
        blind = [row.ratio() for row in each.rows if row.figure == "energy" and not row.of]
        area = next((row.ratio() for row in each.rows if row.figure == "area" and not row.of), None)
        known = [ratio for ratio in blind if ratio is not None]
        spread = f"{min(known):.3g} to {max(known):.3g}" if known else "-"
        others = f"{each.mean:.1%}" if each.mean is not None else "-"
        others += "" if each.mean_judged or each.mean is None else ", too few to judge"
        worst = f"{max(each.deviations):.1%}" if each.deviations else "-"
        share = max((abs(s.difference) for s in each.shares), default=None)
        rows.append(
            (
                each.name,
                each.silicon.record.grade,
                spread,
                "-" if area is None else f"{area:.3g}",
                each.fitted.shown if each.fitted else "-",
                str(len(each.deviations)),
                others,
                worst,
                "-" if share is None else f"{100 * share:.0f}",
            )
        )
    head = (
        "macro", "grade", "energy, ours / silicon", "area", "constant", "other points", "mean off",
        "worst", "share off, points",
    )  # fmt: skip
    return table(head, rows, "llrrrrrrr")


def _verdict(outcome: Outcome) -> str:
    if outcome.broken:
        return "\n".join(["Criteria that do not hold", *(f"    {line}" for line in outcome.broken)])
    others = sum(len(each.deviations) for each in outcome.macros if each.mean_judged)
    few = [each.name for each in outcome.macros if each.others and not each.mean_judged]
    blind = sum(len(each.judged) for each in outcome.macros)
    shares = sum(len(each.shares) for each in outcome.macros)
    if not others + blind + shares:
        return "Nothing here is judged: no other energy, no area, no single block, no share"
    said = [
        f"{others} energies at points that nothing was fitted on, of each macro within "
        f"{100 * outcome.tolerance:g}% on average" if others else "",
        f"too few such points to judge, fewer than {LEAST}: {', '.join(few)}" if few else "",
        f"{blind} figures without a constant, each within a factor of {FACTOR:g}",
        f"{shares} shares, each within {POINTS * 100:.0f} points",
    ]  # fmt: skip
    return f"All criteria hold: {'; '.join(part for part in said if part)}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], sides: str) -> str:
    """A table with columns to the left or to the right."""
    align = ["left" if side == "l" else "right" for side in sides]
    text: str = tabulate(rows, head, disable_numparse=True, colalign=align)
    return text
