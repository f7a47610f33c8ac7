"""Growth: who brings people that stay."""

from __future__ import annotations

from typing import Final

from dashboards.panels import Board, Field, Panel, Row, Text
from dashboards.words import GROUP, PLATFORM

_INVITED: Final = Row(
    title=Text("谁带来的人", "Who brought them"),
    panels=(
        Panel(
            name="inviters",
            query="inviters",
            title=Text("邀请人，按留下的人数", "Inviters, by those who stayed"),
            reading=Text(
                "看留下多少，不看拉来多少。拉来一群人都不说话，多半是刷的。",
                "Count those who stayed, not those who came. A crowd in which nobody speaks was most likely bought.",
            ),
            shape="table",
            fields=(
                PLATFORM,
                GROUP,
                Field(column="inviter_id", title=Text("邀请人", "Inviter"), unit="text"),
                Field(column="invited", title=Text("邀请", "Invited")),
                Field(column="gone", title=Text("已走", "Gone")),
                Field(column="stayed", title=Text("留下", "Stayed")),
            ),
            width=24,
            height=10,
        ),
    ),
)

BOARD: Final = Board(
    name="growth",
    title=Text("增长", "Growth"),
    about=Text("人从哪里来，留下多少。", "Where people come from, and how many stay."),
    rows=(_INVITED,),
    variables=("platforms", "kinds", "groups"),
    since="now-90d",
    refresh="5m",
)
