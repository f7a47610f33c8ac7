"""WeChat exporters: https://github.com/LC044/WeChatMsg (exporter_csv.py), PyWxDump (export_csv.py), chatlog."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from producers.history.notices import Change, read_notice
from tests.support.exports import AT, wechat
from tests.support.history_kit import read


def test_memotrace_says_who_spoke_who_was_invited_and_what_was_no_text(tmp_path: Path) -> None:
    found = read(wechat(tmp_path))
    assert found.wrong == []
    assert {(e["platform"], e["group_id"]) for e in found.events} == {("wechat", "番茄群")}
    (join,) = found.of("join")
    assert (join["user_id"], join["user_name"], join["inviter_id"], join["ts"]) == (
        "wxid_fish",
        "小鱼",
        "wxid_he",
        AT * 1000,
    )
    question = found.only("周六谁浇水,\n@阿禾 ?")
    assert (question["user_id"], question["ts"]) == ("wxid_fish", (AT + 60) * 1000)
    assert found.only("[图片]")
    assert dict(found.tally.left) == {"service message (WeChat's own words)": 1}
    assert [line.number for line in found.lines] == [2, 3, 5, 6]


def test_the_group_can_be_given_its_id(tmp_path: Path) -> None:
    found = read(wechat(tmp_path), groups=["123@chatroom"])
    assert {e["group_id"] for e in found.events} == {"123@chatroom"}


def test_private_conversations_have_fewer_cells_and_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "小明_utf8.csv"
    path.write_text(
        "localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,NickName,Sender\n"
        f"1,3,1,0,0,{AT},2,秘密,2024-01-02 18:00:00\n"
    )
    assert read(path).events == []


MEMOTRACE_4 = (
    "消息ID,类型,发送人,时间,内容,备注,昵称,更多信息\n88,文本,阿禾,2024-01-02 18:00:00,早,阿禾,阿禾,more\n"
    '89,图片,小鱼,2024-01-02 18:00:01,,小鱼,小鱼,more\n90,系统消息,,2024-01-02 18:00:02,"""小鱼""退出了群聊",,,\n'
)
PYWXDUMP = (
    "id,MsgSvrID,type_name,is_sender,talker,room_name,msg,src,CreateTime\n"
    "1,777,文本,0,wxid_he,123@chatroom,早,,2024-01-02 18:00:00\n2,778,图片,0,wxid_fish,123@chatroom,图片,a.jpg,2024-01-02 18:00:01\n"
    '3,779,系统通知,0,,123@chatroom,"""小鱼""退出了群聊",,2024-01-02 18:00:02\n4,780,文本,0,wxid_x,wxid_x,秘密,,2024-01-02 18:00:03\n'
)
PYWXDUMP_OLD = (
    "id,MsgSvrID,type_name,is_sender,talker,room_name,content,CreateTime\n"
    '1,777,文本,0,wxid_he,123@chatroom,"{""src"": """", ""msg"": ""早""}",2024-01-02 18:00:00\n'
    '2,778,图片,0,wxid_fish,123@chatroom,"{""src"": ""a"", ""msg"": ""图片""}",2024-01-02 18:00:01\n'
    '3,779,系统通知,0,,123@chatroom,"{""msg"": ""小鱼退出了群聊""}",2024-01-02 18:00:02\n'
)
CHATLOG = (
    "Time,SenderName,Sender,TalkerName,Talker,Content\n2024-01-02T18:00:00+08:00,阿禾,wxid_he,番茄群,123@chatroom,早\n"
    "2024-01-02 18:00:01,小鱼,wxid_fish,番茄群,123@chatroom,[图片]\n2024-01-02 18:00:02,系统消息,系统消息,番茄群,123@chatroom,小鱼退出了群聊\n"
)
TEXT = (
    "2024-01-02 18:00:00 阿禾\n早\n\n2024-01-02 18:00:01 小鱼\n[图片]\n\n2024-01-02 18:00:02 系统消息\n小鱼退出了群聊\n"
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("番茄群.csv", MEMOTRACE_4),
        ("a_0_5000.csv", PYWXDUMP),
        ("b_0_9.csv", PYWXDUMP_OLD),
        ("c.csv", CHATLOG),
        ("番茄群.txt", TEXT),
    ],
)
def test_every_table_tells_the_same(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / name).write_text(content, "utf-8")
    (tmp_path / "export" / "users.json").write_text(
        '{"wxid_he": {"remark": "", "nickname": "阿禾"}, "wxid_fish": {"nickname": "小鱼"}}', "utf-8"
    )
    found = read(tmp_path / "export")
    assert found.wrong == []
    told = [(e["type"], e["ts"], e["user_name"], e.get("text"), e.get("reason")) for e in found.events]
    assert told == [
        ("message", AT * 1000, "阿禾", "早", None),
        ("message", (AT + 1) * 1000, "小鱼", "[图片]", None),
        ("leave", (AT + 2) * 1000, "小鱼", None, "left"),
    ]
    picture, leave = found.events[1:]
    assert picture["user_id"] == leave["user_id"]


def test_times_without_a_zone_are_chinese_unless_told_and_ids_stay(tmp_path: Path) -> None:
    path = tmp_path / "番茄群.txt"
    path.write_text(TEXT, "utf-8")
    china, berlin = read(path), read(path, zone=ZoneInfo("Europe/Berlin"))
    assert [e["id"] for e in china.events] == [e["id"] for e in berlin.events]
    assert berlin.events[0]["ts"] - china.events[0]["ts"] == 7 * 3_600_000


def test_what_is_damaged_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a_0_9.csv"
    path.write_text(
        "id,MsgSvrID,type_name,is_sender,talker,room_name,msg,src,CreateTime\n1,1,文本,0,wxid_a,1@chatroom,早,,gestern\n2,2,文本\n3,3,文本,0,wxid_a,1@chatroom,晚,,2024-01-02 18:00:00\n"
    )
    found = read(path)
    assert [e["text"] for e in found.events] == ["晚"]
    assert [(w.place.line, w.why) for w in found.wrong] == [
        (2, "'gestern' is no time"),
        (3, "a cell is missing: talker"),
    ]


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ('"斗西"邀请"陈若曦"加入了群聊', [Change("join", "陈若曦", by="斗西")]),
        ('" BILL"通过扫描"谢工@X"分享的二维码加入群聊', [Change("join", "BILL", by="谢工@X")]),
        ('你邀请"甲、乙"加入了群聊', [Change("join", "甲", by="你"), Change("join", "乙", by="你")]),
        ('"X"邀请你加入了群聊，群聊参与人还有：A、B', [Change("join", "你", by="X")]),
        ('你将"X"移出了群聊', [Change("leave", "X", by="你", reason="kicked")]),
        ('你被"A"移出群聊', [Change("leave", "你", by="A", reason="kicked")]),
        ('"X"退出了群聊', [Change("leave", "X", reason="left")]),
        ("小鱼(67890)加入本群。", [Change("join", "小鱼", "67890")]),
        ("阿禾被管理员移出本群", [Change("leave", "阿禾", by="管理员", reason="kicked")]),
        ("X(123456) 已退出本群", [Change("leave", "X", "123456", reason="left")]),
        ('"X"撤回了一条消息', []),
        ('"X" 拍了拍 "Y"', []),
        ("你修改群名为“x群”", []),
        ("", []),
    ],
)
def test_grey_text_says_who_came_and_went(text: str, changes: list[Change]) -> None:
    assert read_notice(text) == changes
