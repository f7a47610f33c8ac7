"""Growth: who brings people that stay, how far people get, what campaigns bring, and how long members and groups live."""

from __future__ import annotations

from typing import Final

from dashboards.panels import Board, Field, Panel, Row, Text
from dashboards.words import GROUP, PLATFORM

_FINDINGS: Final = (
    ("hot_sells_nothing", Text("热闹没成交", "hot, sells nothing")),
    ("quiet_sells", Text("安静有成交", "quiet, sells")),
)
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
                Field(column="spoke", title=Text("说过话", "Spoke")),
                Field(column="due_7d", title=Text("满 7 天", "7 days ago")),
                Field(column="stayed_7d", title=Text("留满 7 天", "Stayed 7 days")),
                Field(column="due_30d", title=Text("满 30 天", "30 days ago")),
                Field(column="stayed_30d", title=Text("留满 30 天", "Stayed 30 days")),
                Field(column="gone", title=Text("已走", "Gone")),
                Field(column="stayed", title=Text("留下", "Stayed")),
            ),
            width=24,
            height=10,
        ),
        Panel(
            name="invite_chains",
            query="invite_chains",
            title=Text("邀请带来的一串人", "Whom an invitation leads to"),
            reading=Text(
                "直接邀请的不一定多，带来的人又带人，才是真正的传播者。",
                "Those whose people bring people in turn spread the word, even if they invited few themselves.",
            ),
            shape="table",
            fields=(
                PLATFORM,
                GROUP,
                Field(column="inviter_id", title=Text("邀请人", "Inviter"), unit="text"),
                Field(column="direct", title=Text("直接邀请", "Direct")),
                Field(column="in_all", title=Text("一共带来", "In all")),
                Field(column="generations", title=Text("层数", "Generations")),
            ),
            height=9,
        ),
        Panel(
            name="k_factor",
            query="k_factor",
            title=Text(
                "每个新人带来几个留下的新人（按入群周）", "New members each new member brings, by week of joining"
            ),
            reading=Text(
                "K 大于 1，群自己会长大。最近五周的还没数完。",
                "With K above 1 a community grows by itself. The last five weeks are not complete yet.",
            ),
            shape="table",
            fields=(
                Field(column="cohort", title=Text("入群周", "Week"), unit="text"),
                Field(column="joined", title=Text("入群", "Joined")),
                Field(column="brought", title=Text("带来", "Brought")),
                Field(column="stayed", title=Text("留下", "Stayed")),
                Field(column="k", title=Text("K", "K"), unit="decimal"),
                Field(column="complete", title=Text("已数完", "Complete")),
            ),
            height=9,
        ),
    ),
)

_STEPS: Final = (
    Field(column="joined", title=Text("入群", "Joined")),
    Field(column="spoke", title=Text("说过话", "Spoke")),
    Field(column="week_2_over", title=Text("过了第二周", "Second week over")),
    Field(column="spoke_week_2", title=Text("第二周说话", "Spoke in week 2")),
    Field(column="invited", title=Text("带来别人", "Brought somebody")),
    Field(column="converted", title=Text("转化人数", "Converted")),
    Field(column="conversions", title=Text("转化次数", "Conversions")),
)
_FUNNEL: Final = Row(
    title=Text("走到了哪一步", "How far people get"),
    panels=(
        Panel(
            name="funnel",
            query="funnel",
            title=Text("从入群到购买（按入群周）", "From joining to buying, by week of joining"),
            reading=Text(
                "哪一步掉得最多，就改哪一步。第二周说话的，要和过了第二周的比。",
                "Mend the step at which most are lost. Who spoke in week 2 is to be compared with whose week 2 is over.",
            ),
            shape="table",
            fields=(Field(column="cohort", title=Text("入群周", "Week"), unit="text"), *_STEPS),
            height=9,
        ),
        Panel(
            name="funnel_by_campaign",
            query="funnel_by_campaign",
            title=Text("从入群到购买（按活动）", "From joining to buying, by campaign"),
            reading=Text(
                "拉来人多的活动不一定好，看他们后来说不说话、买不买。",
                "A campaign that brings many is not yet a good one: see whether they speak and buy later.",
            ),
            shape="table",
            fields=(Field(column="campaign", title=Text("活动", "Campaign"), unit="text"), *_STEPS),
            height=9,
        ),
        Panel(
            name="funnel_by_group",
            query="funnel_by_group",
            title=Text("从入群到购买（按群）", "From joining to buying, by community"),
            reading=Text(
                "同一类型的群互相比，看谁掉在哪一步。",
                "Compare communities of a kind: at which step does each lose people?",
            ),
            shape="table",
            fields=(PLATFORM, GROUP, *_STEPS),
            height=9,
        ),
        Panel(
            name="heat_and_conversion",
            query="heat_and_conversion",
            title=Text("热闹和成交", "Talk and sales"),
            reading=Text(
                "聊得热闹却没人买，或者安静却有人买，都值得去看一眼。",
                "A hot chat that sells nothing, and a quiet one that sells, are both worth a look.",
            ),
            shape="table",
            fields=(
                PLATFORM,
                GROUP,
                Field(column="finding", title=Text("发现", "Finding"), unit="text", words=_FINDINGS),
                Field(column="messages_a_day", title=Text("每天消息", "Messages a day"), unit="decimal"),
                Field(column="members", title=Text("成员", "Members")),
                Field(column="conversions", title=Text("转化次数", "Conversions")),
                Field(column="converters", title=Text("转化人数", "Converted")),
                Field(column="converting", title=Text("占成员", "Of members"), unit="share"),
            ),
            height=9,
        ),
    ),
)
_LIFTS: Final = (
    Field(column="messages_lift", title=Text("消息", "Messages"), unit="share"),
    Field(column="joins_lift", title=Text("入群", "Joins"), unit="share"),
    Field(column="conversions_lift", title=Text("转化", "Conversions"), unit="share"),
    Field(column="messages_lift_after", title=Text("消息（之后一周）", "Messages, week after"), unit="share"),
)
_CAMPAIGNS: Final = Row(
    title=Text("活动带来什么", "What campaigns bring"),
    panels=(
        Panel(
            name="campaigns",
            query="campaigns",
            title=Text("活动期间和之后一周，比平时多多少", "In a campaign and in the week after, over what is usual"),
            reading=Text(
                "和这个群之前几周的同一时段比。之后一周掉到平时以下，是透支。",
                "Against the same hours of the community's own weeks before. Below zero in the week after, it was borrowed.",
            ),
            shape="table",
            fields=(
                PLATFORM,
                GROUP,
                Field(column="name", title=Text("活动", "Campaign"), unit="text"),
                Field(column="starts_at", title=Text("开始", "Begins"), unit="time", width=150),
                Field(column="number", title=Text("第几次", "Number")),
                Field(column="messages", title=Text("消息数", "Messages said")),
                Field(column="joins", title=Text("入群数", "Joined")),
                Field(column="conversions", title=Text("转化数", "Converted")),
                *_LIFTS,
                Field(column="joins_lift_after", title=Text("入群（之后一周）", "Joins, week after"), unit="share"),
                Field(
                    column="conversions_lift_after",
                    title=Text("转化（之后一周）", "Conversions, week after"),
                    unit="share",
                ),
            ),
            width=24,
            height=9,
        ),
        Panel(
            name="campaign_fatigue",
            query="campaign_fatigue",
            title=Text("一次比一次少吗", "Does each bring less than the last?"),
            reading=Text(
                "第几次活动比平时多多少。一路往下，就该换个玩法或者少办几次。",
                "What a community's first, second, third campaign brought over the usual. Falling: change them, or have fewer.",
            ),
            shape="table",
            fields=(
                Field(column="number", title=Text("第几次", "Number")),
                Field(column="campaigns", title=Text("活动数", "Campaigns")),
                *_LIFTS,
            ),
            height=8,
        ),
    ),
)
_LIVES: Final = Row(
    title=Text("活多久", "How long they live"),
    panels=(
        Panel(
            name="survival_compared",
            query="survival_compared",
            title=Text(
                "入群后第几周还在（按平台和类型）",
                "Members still there so many weeks after joining, by platform and kind",
            ),
            reading=Text(
                "Kaplan-Meier：还在的人按已经待的时间算。",
                "Kaplan-Meier: who is still there counts for as long as they have been.",
            ),
            shape="curves",
            x="week",
            by="curve",
            fields=(Field(column="survival", title=Text("还在的比例", "share still there"), unit="share"),),
            width=8,
        ),
        Panel(
            name="survival_of_speakers",
            query="survival_of_speakers",
            title=Text("第一次说话后第几周还在说", "Still speaking so many weeks after the first word"),
            reading=Text(
                "走了，或者第一次连续 30 天不说话，就算结束。",
                "A life ends with leaving, or with the first thirty silent days.",
            ),
            shape="curves",
            x="week",
            by="curve",
            fields=(Field(column="survival", title=Text("还在说的比例", "share still speaking"), unit="share"),),
            width=8,
        ),
        Panel(
            name="survival_of_groups",
            query="survival_of_groups",
            title=Text("建群后第几周还活着", "Communities still alive so many weeks after they began"),
            reading=Text(
                "第一次连续 28 天没有成员说话，就算结束。看长一点的时间范围。",
                "A life ends with the first 28 days on which no member speaks. Choose a long time range.",
            ),
            shape="curves",
            x="week",
            by="curve",
            fields=(Field(column="survival", title=Text("活着的比例", "share alive"), unit="share"),),
            width=8,
        ),
        Panel(
            name="silent_members",
            query="silent_members",
            title=Text("从没说过话的人（按入群多久）", "Members who never spoke, by how long they have been here"),
            reading=Text(
                "多数人不说话是正常的；老成员里的比例一直涨，下一次刷屏他们就走了。",
                "That most are silent is normal. Where the share of old members grows, they leave at the next flood.",
            ),
            shape="table",
            fields=(
                Field(column="from_days", title=Text("入群至少几天", "Days since joining, at least")),
                Field(column="members", title=Text("成员", "Members")),
                Field(column="never_spoke", title=Text("从没说话", "Never spoke")),
                Field(column="share", title=Text("比例", "Share"), unit="share"),
            ),
        ),
    ),
)

BOARD: Final = Board(
    name="growth",
    title=Text("增长", "Growth"),
    about=Text(
        "人从哪里来，走到哪一步，留下多少，活多久。",
        "Where people come from, how far they get, how many stay, and how long they and the communities live.",
    ),
    rows=(_INVITED, _FUNNEL, _CAMPAIGNS, _LIVES),
    since="now-90d",
    refresh="5m",
)
