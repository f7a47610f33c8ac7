"""Slack payloads, written after its documentation (https://docs.slack.dev/reference/events), and Slack's own SDK as a judge."""

import json
from typing import Any

import pytest
from slack_sdk.signature import SignatureVerifier

from huoqun.config import Source
from huoqun.events import Event, Refused
from producers.sources.base import Answer, Ignored, Opened
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.specimens.base import AT, NOW, Signed, deliver
from tests.support.specimens.base import read as read_all
from tests.support.specimens.slack import EDITED, PAYLOADS, SECRET, SPECIMEN, membership, message, outer, sign


def read(payload: dict[str, Any]) -> Any:
    found = read_all(SPECIMEN, payload)
    return found if isinstance(found, Refused) else found[0]


def test_a_message() -> None:
    assert read(PAYLOADS["message"]) == Event(
        id=f"C0001:{AT}.000100",
        type="message",
        ts=AT * 1000,
        platform="slack",
        group_id="C0001",
        user_id="U0002",
        text="how do I get a refund?",
        received_at=NOW,
        source="here",
    )


def test_a_reply_in_a_thread_names_what_it_answers_and_is_read_as_people_read_it() -> None:
    found = read(PAYLOADS["reply"])
    assert (found.reply_to, found.thread_id) == (f"C0001:{AT}.000100", f"C0001:{AT}.000100")
    assert found.mentions == ["U0002"]
    assert found.text == "@U0002 here: the form https://example.com/refunds & #help"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<@U1|cal> hi", "@cal hi"),
        ("<@U1> <@U1>", "@U1 @U1"),
        ("<!here> look", "@here look"),
        ("<!channel|@channel> look", "@channel look"),
        ("<!subteam^S1|@support>", "@support"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("<https://a.example>", "https://a.example"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("a < b > c <> <|> <@> <!>", "a < b > c <>  @"),
        (None, ""),
        (["no text"], ""),
    ],
)
def test_codes_in_a_text_become_what_a_client_shows(text: Any, shown: str) -> None:
    assert read(message(text)).text == shown


def test_whoever_calls_everybody_is_marked() -> None:
    assert read(message("<!everyone> free tickets")).extra == {"at_all": True}
    assert read(message("everyone")).extra == {}


def test_files_stand_in_the_text() -> None:
    found = read(message("", subtype="file_share", files=[{"name": "a.pdf"}, {"title": "b"}, {}, 5]))
    assert found.text == "[file] a.pdf\n[file] b\n[file]"


def test_what_an_app_posts_is_the_app_and_not_the_person_it_posts_for() -> None:
    profile = {"id": "B0007", "name": "deploys", "app_id": "A7"}
    found = read(message("done", bot_id="B0007", bot_profile=profile))
    assert (found.user_id, found.user_name, found.is_bot) == ("B0007", "deploys", True)
    older = message("", subtype="bot_message", bot_id="B0007", username="ci", user=None, attachments=[{"text": "red"}])
    assert (read(older).user_name, read(older).text) == ("ci", "red")


def test_people_of_a_connected_workspace_bring_their_names() -> None:
    assert read(message(user_profile={"display_name": "", "real_name": "Cal Newport"})).user_name == "Cal Newport"


def test_a_join_names_the_inviter_and_is_taken_from_one_place() -> None:
    found = read(PAYLOADS["join"])
    assert (found.type, found.user_id, found.inviter_id, found.ts) == ("join", "U0002", "U0003", AT * 1000)
    told_again = message("<@U0002> has joined the channel", subtype="channel_join", inviter="U0003")
    assert read(told_again) == Ignored("channel_join")
    without = membership("member_joined_channel", event_ts=None, inviter="U0002")
    assert (read(without).ts, read(without).inviter_id) == (AT * 1000, "")
    assert read(without).id != found.id


def test_our_own_bot_joins_as_a_bot() -> None:
    assert read(membership("member_joined_channel", user="U0BOT")).is_bot
    assert not read(PAYLOADS["join"]).is_bot


def test_a_leave_has_no_known_reason() -> None:
    found = read(PAYLOADS["leave"])
    assert (found.type, found.user_id, found.reason) == ("leave", "U0002", "unknown")


def test_an_edit_points_at_the_message_and_counts_once_however_often_slack_touches_it() -> None:
    found = read(PAYLOADS["edit"])
    assert (found.type, found.reply_to, found.user_id) == ("edit", f"C0001:{AT - 30}.000100", "U0002")
    assert (found.id, found.ts) == (f"C0001:{AT - 30}.000100:e{AT}.000000", AT * 1000)
    later = message(subtype="message_changed", message=EDITED, previous_message=EDITED)
    assert read(later) == Ignored("unchanged")
    unfolded = {k: v for k, v in EDITED.items() if k != "edited"}
    assert read(message(subtype="message_changed", message=unfolded)) == Ignored("unchanged")


def test_a_delete_belongs_to_the_author() -> None:
    found = read(PAYLOADS["delete"])
    assert (found.type, found.reply_to, found.user_id) == ("delete", f"C0001:{AT - 30}.000100", "U0002")
    with_replies = message(
        subtype="message_changed",
        message={"subtype": "tombstone", "ts": EDITED["ts"], "user": "USLACKBOT"},
        previous_message=EDITED,
    )
    assert read(with_replies) == found
    assert read(message(subtype="message_deleted", deleted_ts=EDITED["ts"])) == Ignored("message_deleted")


def test_a_reaction_points_at_the_message() -> None:
    found = read(PAYLOADS["reaction"])
    assert (found.type, found.reply_to, found.user_id) == ("reaction", f"C0001:{AT}.000100", "U0003")
    assert found.extra == {"emoji": "thumbsup"}


def test_a_channel_gets_its_new_name() -> None:
    assert read(PAYLOADS["rename"]).group_name == "help-desk"


def test_a_mention_that_comes_by_itself_is_the_same_message() -> None:
    mentioned = outer(
        type="app_mention", user="U0002", text="<@U0BOT> hi", ts=f"{AT}.000100", channel="C0001", event_ts=f"{AT}.0001"
    )
    assert read(mentioned) == read(message("<@U0BOT> hi"))


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        (message(channel_type="im", channel="D0001"), "private"),
        (message(channel_type="mpim", channel="G0001"), "private"),
        (message(channel_type=None, channel="D0001"), "private"),
        (message(subtype="channel_topic"), "system_message"),
        (message(subtype="of_next_year"), "unknown"),
        (message(subtype=["no", "text"]), "unknown"),
        (outer(type="reaction_removed", user="U0002", event_ts=f"{AT}.1"), "reaction_removed"),
        (outer(type="reaction_added", user="U1", item={"type": "file", "file": "F1"}), "reaction_elsewhere"),
        (outer(type="reaction_added", user="U1", item={"type": "message", "channel": "D1", "ts": "1.2"}), "private"),
        (outer(type="user_change", user={"id": "U0002"}), "user_change"),
        (outer(type="of_next_year"), "unknown"),
        (outer(), "unknown"),
        ({"type": "app_rate_limited", "team_id": "T0001", "minute_rate_limited": AT}, "rate_limited"),
        ({"type": "of_next_year"}, "unknown"),
    ],
)
def test_what_is_authentic_and_no_event_is_ignored_by_name(payload: dict[str, Any], what: str) -> None:
    assert read(payload) == Ignored(what)


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        ({}, "type"),
        ({"type": "event_callback"}, "event"),
        (message(channel=None), "event.channel"),
        (message(ts=None), "event.ts"),
        (message(user=None), "event.user"),
        (message(ts="soon"), "event.event_ts"),
        (membership("member_joined_channel", user=None), "event.user"),
        (membership("member_left_channel", channel=7.5), "event.channel"),
        (outer(type="reaction_added", user=None, item={"type": "message", "channel": "C1", "ts": "1.2"}), "event.user"),
        (outer(type="reaction_added", user="U1", item={"type": "message", "channel": "C1"}), "event.item.ts"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(payload: dict[str, Any], where: str) -> None:
    found = read(payload)
    assert isinstance(found, Refused)
    assert found.where == where


def test_the_question_whether_we_are_here_is_answered_when_it_is_signed() -> None:
    question = sign(
        {"token": "t", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", "type": "url_verification"},
        NOW // 1000,
    )
    answer = deliver(SPECIMEN, question)
    assert isinstance(answer, Answer)
    assert json.loads(answer.body) == {"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}
    assert isinstance(deliver(SPECIMEN, question._replace(headers={})), Denied)
    for nonsense in (None, 5, "x" * 5000):
        assert isinstance(
            deliver(SPECIMEN, sign({"type": "url_verification", "challenge": nonsense}, NOW // 1000)), Refused
        )


def test_another_workspace_is_refused_where_one_is_named() -> None:
    signed = sign(PAYLOADS["message"], NOW // 1000)
    for account in ("T0001", "A0001"):
        assert isinstance(deliver(SPECIMEN._replace(account=account), signed), Opened)
    assert isinstance(deliver(SPECIMEN._replace(account="T0002"), signed), Denied)


def test_an_old_request_is_not_taken_again() -> None:
    assert isinstance(deliver(SPECIMEN, sign(PAYLOADS["message"], NOW // 1000 - 301)), Denied)
    assert isinstance(deliver(SPECIMEN, sign(PAYLOADS["message"], NOW // 1000 + 301)), Denied)


class At:
    """A clock for Slack's SDK."""

    def now(self) -> float:
        return NOW / 1000


JUDGE = SignatureVerifier(SECRET, clock=At())  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_what_slacks_own_sdk_signs_we_accept_and_what_we_sign_it_accepts(name: str) -> None:
    body = json.dumps(PAYLOADS[name]).encode()
    timestamp = str(NOW // 1000)
    theirs = JUDGE.generate_signature(timestamp=timestamp, body=body)
    assert theirs is not None
    signed = Signed(body, {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": theirs})
    assert isinstance(deliver(SPECIMEN, signed), Opened)
    ours = sign(PAYLOADS[name], NOW // 1000)
    assert JUDGE.is_valid_request(ours.body, dict(ours.headers))
    forged = ours._replace(body=ours.body + b" ")
    assert not JUDGE.is_valid_request(forged.body, dict(forged.headers))
    assert isinstance(deliver(SPECIMEN, forged), Denied)


@run
async def test_a_delivery_that_slack_repeats_is_stored_under_the_same_id() -> None:
    source = Source(name="work", kind="slack", secret_env="SLACK_KEY")
    async with gateway((source,), environ={"SLACK_KEY": SECRET}) as kit:
        signed = sign(PAYLOADS["message"], NOW // 1000)
        for more in ({}, {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}):
            status, _, _ = await kit.post("/webhooks/work", signed.body, {**signed.headers, **more})
            assert status == 200
        assert {e["id"] for e in kit.stored()} == {f"C0001:{AT}.000100"}
