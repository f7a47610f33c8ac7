"""What depends on the kind of a group: thresholds, and which figures say best how such a group does.

The field tells kinds apart by what people come for: to buy (``commerce``), for a hobby or a place (``interest``), for one
person or brand (``fan``), for a course or a goal (``learning``). The numbers are ours unless marked.
"""

from __future__ import annotations

from typing import Final

from huoqun.config import GroupKind


class Kind:
    """The thresholds of one kind of group."""

    __slots__ = ("active_ratio", "dormant_days", "fading", "kpis", "middle")

    def __init__(
        self, active_ratio: float, middle: float, fading: float, dormant_days: int, kpis: tuple[str, ...]
    ) -> None:
        self.active_ratio: float = active_ratio
        """Busy with fewer than this share of its members speaking in a week, a group is falsely active; 0: never."""
        self.middle: float = middle
        """A pyramid stands if at least this share of the members is its core; 0: that is not asked of this kind."""
        self.fading: float = fading
        """A week below this share of a usual week is fading."""
        self.dormant_days: int = dormant_days
        """A group in which no member spoke for so many days is dormant."""
        self.kpis: tuple[str, ...] = kpis
        """The figures to show first, the most telling one first: columns of ``activity``; ``conversions`` are events so called,
        ``net_growth`` is joins less leaves."""


KINDS: Final[dict[GroupKind, Kind]] = {
    # Talk between members is not the point, and most read only: silence between two offers is usual.
    "commerce": Kind(0.0, 0.0, 0.3, 14, ("conversions", "value_cadence", "staff_reply_rate", "net_growth")),
    # The definitions as the domain gives them.
    "interest": Kind(0.1, 0.03, 0.5, 7, ("mesh_index", "active_ratio", "reply_rate", "same_faces")),
    # A star by nature: few speak, and what the one in the middle gives is what they come for.
    "fan": Kind(0.05, 0.0, 0.5, 7, ("value_cadence", "active_ratio", "new_faces", "net_growth")),
    # Everybody is meant to take part, and nobody to be left alone with a question.
    "learning": Kind(0.15, 0.03, 0.6, 7, ("reply_rate", "check_in_people", "active_ratio", "same_faces")),
}
"""``active_ratio`` .1 for ``interest`` is the domain's definition; the others are set around it by hand."""


def of(kind: GroupKind) -> Kind:
    """Return the thresholds of a kind."""
    return KINDS[kind]
