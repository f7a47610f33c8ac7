"""What was put into the sample community on purpose, by id, so that a test can ask whether the pipeline finds it."""

from __future__ import annotations

from typing import Literal, NamedTuple

How = Literal["reply", "mention", "adjacent"]
Wants = Literal["question", "newcomer", "mention"]


class Asked(NamedTuple):
    """A message that wants an answer and gets none."""

    group: str
    event_id: str
    user_id: str
    asked_at: int
    kind: Wants


class Answered(NamedTuple):
    """A message that wants an answer, and the first message that gives one, and how it can be told."""

    group: str
    event_id: str
    answer_id: str
    answered_by: str
    how: How
    by_staff: bool
    seconds: int


class Advertisement(NamedTuple):
    """A fresh account that posts the same link and contact again and again, until it is removed."""

    group: str
    user_id: str
    event_ids: tuple[str, ...]
    first_at: int
    last_at: int


class LeaveBurst(NamedTuple):
    """People who left one after the other."""

    group: str
    user_ids: tuple[str, ...]
    first_at: int
    last_at: int


class GoneQuiet(NamedTuple):
    """A regular member who said nothing more after ``last_message_at``, and did not leave."""

    group: str
    user_id: str
    last_message_at: int


class Planted(NamedTuple):
    """Everything planted. Groups are ``platform/group_id``; times are ms since the epoch."""

    main_group: str
    steady_group: str
    fading_group: str
    open_questions: tuple[Asked, ...]
    """Asked within the last 45 minutes: still open at the end."""
    unanswered_questions: tuple[Asked, ...]
    """Asked days ago and never answered."""
    answered_late: tuple[Answered, ...]
    """Mentions of staff, answered long after their deadline."""
    answered: tuple[Answered, ...]
    """Answered within two minutes."""
    newcomers_without_response: tuple[Asked, ...]
    """First messages of newcomers that drew nothing; they are also among the two kinds of questions above."""
    newcomers_silent: tuple[str, ...]
    """Who joined the main group, stayed, and never spoke."""
    advertisement: Advertisement
    leave_burst: LeaveBurst
    gone_quiet: tuple[GoneQuiet, ...]
    staff: tuple[str, ...]
    """``platform/user_id``."""
    bots: tuple[str, ...]
    """``platform/user_id``."""
    renamed: tuple[str, str]
    """Who took another name, and which."""
    edited: str
    """The message that was edited."""
