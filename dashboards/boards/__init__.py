"""The boards: what people see, in the order in which they look."""

from __future__ import annotations

from typing import Final

from dashboards.boards import answers, communities, community, growth, members, pipeline
from dashboards.panels import Board

BOARDS: Final[tuple[Board, ...]] = (
    communities.BOARD,
    community.BOARD,
    answers.BOARD,
    members.BOARD,
    growth.BOARD,
    pipeline.BOARD,
)
