"""The benchmark's report: Markdown tables, and the goals with whether they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Any]

AT_LEAST, AT_MOST = "≥", "≤"


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure beside its limit."""

    what: str
    transport: str
    value: float
    sign: str
    limit: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is reached."""
        return self.value >= self.limit if self.sign == AT_LEAST else self.value <= self.limit

    def row(self) -> dict[str, Any]:
        """Return it as JSON."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "holds": self.holds}


RATIOS = (
    ("shown frames a second", "shown_per_s", AT_LEAST, {"socket": 2.0, "comm": 1.2}),
    ("pointer → shown, p50", "latency_p50", AT_MOST, {"socket": 0.4, "comm": 0.85}),
    ("pointer → shown, p95", "latency_p95", AT_MOST, {"socket": 0.4, "comm": 0.85}),
)
GAPS_MS = {
    "sleep": {"socket": 100.0, "comm": 250.0},
    "python": {"socket": 100.0, "comm": 250.0},
    "gil": {"socket": 150.0},
}
SIDE = 0.5
FIRST_S = {"cold_s": 2.5, "second_s": 1.2}

CELLS = {"sleep": "a cell sleeps", "python": "a cell loops in Python", "gil": "a C call holds the GIL"}
FIRST = {"cold_s": "Run → first picture, cold", "second_s": "Run → first picture, second widget"}


def goals(results: Results) -> list[Goal]:
    """Compare the results with what they must be."""
    made = []
    for size, rows in results["drags"].items():
        for transport in _transports(rows):
            row, beside = rows[transport], rows["rfb"]
            for what, key, sign, limits in RATIOS:
                ratio = row[key] / beside[key]
                made.append(Goal(f"{what}, {size}", transport, ratio, sign, limits[transport], "of rfb"))
            made.append(Goal(f"side while moving, {size}", transport, row["side"], AT_LEAST, SIDE))
    for transport in _transports(results["busy"]):
        for cell, row in results["busy"][transport].items():
            if transport in GAPS_MS[cell]:
                limit = GAPS_MS[cell][transport]
                made.append(Goal(f"longest gap while {CELLS[cell]}", transport, row["gap_max"], AT_MOST, limit, "ms"))
            else:
                made.append(Goal(f"told while {CELLS[cell]}", transport, float(bool(row["told"])), AT_LEAST, 1.0))
    for transport, row in results["first"].items():
        if transport == "socket":
            made += [Goal(FIRST[key], transport, row[key], AT_MOST, limit, "s") for key, limit in FIRST_S.items()]
    return made


def report(results: Results) -> str:
    """Write the tables."""
    parts = [_drags(size, rows) for size, rows in results["drags"].items()]
    if results["busy"]:
        parts.append(_busy(results["busy"]))
    parts.append(_table(["first picture, s", "cold", "second"], _first(results["first"])))
    held = (
        [
            goal.what,
            goal.transport,
            f"{goal.value:.2f} {goal.unit}".strip(),
            f"{goal.sign} {goal.limit:g}",
            "yes" if goal.holds else "NO",
        ]
        for goal in goals(results)
    )
    parts.append(_table(["goal", "way", "measured", "goal", "holds"], held))
    return "\n\n".join(parts)


def _transports(rows: Mapping[str, Any]) -> list[str]:
    return [name for name in rows if name != "rfb"]


def _drags(size: str, rows: Mapping[str, Mapping[str, Any]]) -> str:
    beside = rows["rfb"]

    def line(name: str, row: Mapping[str, Any]) -> Iterable[str]:
        yield name
        yield f"{row['shown_per_s']:.1f} ({row['shown_per_s'] / beside['shown_per_s']:.2f})"
        for key in ("latency_p50", "latency_p95"):
            yield f"{row[key]:.0f} ({row[key] / beside[key]:.2f})"
        yield f"{row['gap_p95']:.0f} / {row['gap_max']:.0f}"
        yield f"{row['side']:.2f} / {row['side_least']:.2f}"
        yield ", ".join(f"{process} {ms:.1f}" for process, ms in row["cpu_ms_per_frame"].items())

    head = [
        size,
        "shown/s (of rfb)",
        "pointer → shown p50, ms (of rfb)",
        "p95",
        "gap p95 / max, ms",
        "side median / least",
        "CPU ms a frame",
    ]
    return _table(head, (line(name, row) for name, row in rows.items()))


def _busy(rows: Mapping[str, Mapping[str, Any]]) -> str:
    lines = []
    for name, cells in rows.items():
        gaps = (f"{row['shown_per_s']:.1f}/s, {row['gap_max']:.0f} ms" for row in cells.values())
        lines.append([name, *gaps, " ".join(cells["gil"]["told"].split())])
    return _table(["shown, longest gap while …", *CELLS.values(), "what the view tells then"], lines)


def _first(rows: Mapping[str, Mapping[str, float]]) -> Iterable[Sequence[str]]:
    return ([name, f"{row['cold_s']:.2f}", f"{row['second_s']:.2f}"] for name, row in rows.items())


def _table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [head, ["---"] * len(head), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
