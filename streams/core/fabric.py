"""What holds a group together, as of the last midnight UTC: see :mod:`streams.core.structure` for what each figure means."""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import mypyc_attr

from streams.core.daily import NO_DAYS

UNKNOWN: Final = -1
"""False activity is not defined: see :mod:`streams.core.falseness`."""
REAL: Final = 0
FALSE: Final = 1


@mypyc_attr(acyclic=True)
class Fabric:
    """The figures of one midnight, and what the next one needs. Replaced as a whole, never changed.

    Bounded by :data:`streams.core.pairs.MOST_PAIRS` pairs of 12 bytes and 28 days of 8.
    """

    __slots__ = (
        "centralisation",
        "check_in_people",
        "check_in_same_faces",
        "check_in_streak",
        "core",
        "day",
        "false_activity",
        "leaders",
        "mesh_index",
        "new_faces",
        "new_pairs",
        "ordinary",
        "pairs",
        "reciprocity",
        "replies",
        "same_faces",
        "shape",
        "value_cadence",
        "values",
    )

    def __init__(self, day: int) -> None:
        self.day: int = day
        """The day (since 1970) that begins with this midnight; 0: there was none yet."""
        self.replies: bytes = b""
        """Who replied to whom on which of the 28 days before: see :mod:`streams.core.pairs`."""
        self.values: bytes = NO_DAYS
        """(day, messages of value) of the 28 days before, empty days left out."""
        self.false_activity: int = UNKNOWN
        self.same_faces: float | None = None
        self.new_faces: float | None = None
        self.mesh_index: float | None = None
        self.reciprocity: float | None = None
        self.centralisation: float | None = None
        self.pairs: int | None = None
        self.new_pairs: int | None = None
        self.value_cadence: float | None = None
        self.check_in_people: int | None = None
        self.check_in_streak: int | None = None
        self.check_in_same_faces: float | None = None
        self.leaders: int = 0
        self.core: int = 0
        self.ordinary: int = 0
        self.shape: str = ""
        """``pyramid``, ``no_middle``, ``no_top``, or empty: not known."""

    def layers(self) -> tuple[str, int, int, int]:
        """Return what the group's row shows of it."""
        return self.shape, self.leaders, self.core, self.ordinary

    def row(self) -> list[Any]:
        """Return it as it is saved."""
        return [
            self.day,
            self.replies,
            self.values,
            self.false_activity,
            self.same_faces,
            self.new_faces,
            self.mesh_index,
            self.reciprocity,
            self.centralisation,
            self.pairs,
            self.new_pairs,
            self.value_cadence,
            self.check_in_people,
            self.check_in_streak,
            self.check_in_same_faces,
            self.leaders,
            self.core,
            self.ordinary,
            self.shape,
        ]


def fabric_from(row: list[Any]) -> Fabric:
    """Return what :meth:`Fabric.row` saved."""
    fabric = Fabric(row[0])
    fabric.replies, fabric.values, fabric.false_activity = row[1], row[2], row[3]
    fabric.same_faces, fabric.new_faces = row[4], row[5]
    fabric.mesh_index, fabric.reciprocity, fabric.centralisation = row[6], row[7], row[8]
    fabric.pairs, fabric.new_pairs, fabric.value_cadence = row[9], row[10], row[11]
    fabric.check_in_people, fabric.check_in_streak, fabric.check_in_same_faces = row[12], row[13], row[14]
    fabric.leaders, fabric.core, fabric.ordinary, fabric.shape = row[15], row[16], row[17], row[18]
    return fabric
