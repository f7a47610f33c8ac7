"""What answers a question.

An explicit link decides: a reply to the question, a message in its thread. Without one, every later message of another person
is a candidate with a probability, by learned weights (:mod:`streams.core.answer_model`): messages that address the asker, and
messages that address nobody while the question is fresh. The candidates together, and how the asker goes on, say how likely
the question has been answered by now; from the model's threshold on it counts as answered. Its answer is the message most
likely to be the first one that answers; ``confidence`` is how likely it does answer. All that may be revised, and undone, while
the question is watched.
"""

from __future__ import annotations

import math
from typing import Final

from streams.core import names, structure, unanswered
from streams.core.answer_features import (
    BY_NAME,
    THANKFUL,
    WATCHED_MS,
    Line,
    all_places,
    candidates_class,
    pair_places,
    state_places,
    warmth,
)
from streams.core.answer_model import AMONG_NAMES, DIRECTED, LEAST, NAMELESS, STATES, AnswerModel
from streams.core.arrival import Arrival
from streams.core.changes import Doubted, Weighed
from streams.core.evidence import MOST_TOLD, Evidence
from streams.core.history import History
from streams.core.settings import GroupSettings, add_awake
from streams.core.state import MINUTE_MS, Asked, Person
from streams.core.tables import ASKERS

CONFIDENCE_REPLY: Final = 0.98
CONFIDENCE_THREAD: Final = 0.95
FAR: Final = 40
"""A message that is addressed to nobody answers nothing from so many messages before …"""
SLOW_MS: Final = 6 * 60 * MINUTE_MS
SLOW_BETWEEN: Final = 3
"""… but in a slow group one of the next few within this time, though the usual time is over."""
REACTION_MS: Final = 10 * MINUTE_MS
"""The asker's reaction to an answer is waited for so long at least."""
MOST_COMPETING: Final = 5
MANY: Final = 6
MOST_COUNTED: Final = MANY + 1
"""So many further messages of an asker are counted: what looks at their number tells no more apart …"""
MOST_AFTER: Final = 3
"""… and so many after the best candidate."""
REOPENS: Final = 0.15
"""So far below the threshold an answered question is open again: the difference keeps it from flapping."""
SHOWN: Final = 0.05
"""A change of confidence by less is no new version of the row."""
SAME: Final = 4
"""Two questions with more than three fifths of their words in common are the same question."""
NONE: Final[tuple[Asked, ...]] = ()
_CERTAIN: Final = 0.999


def on_message(  # noqa: PLR0917  # on the path of every message: by position is cheaper
    h: History,
    settings: GroupSettings,
    model: AnswerModel,
    event: Arrival,
    author: Person,
    named: list[str],
    asks: bool,
) -> None:
    """Weigh what a message says of the questions before it: as an answer, and as its author's reaction to answers.

    ``named`` are the members it addresses: by a mention, by name, or by replying to them. ``asks``: it is itself a question.
    """
    if event.reply_to or event.thread_id:
        _by_link(h, settings, event, author)
    own = h.askers.get(event.user_id, NONE)
    candidates = _answerable(h, event, named)
    if not own and not candidates:
        return
    line = Line(h, event, author, h.index[event.user_id], named, asks)
    if own:
        _asker_spoke(h, settings, model, line, own)
    directed = bool(named)
    others: list[int] = []
    for asked in candidates:
        place = _place_of(h, asked)
        if place < 0 or place == line.place:
            continue
        if asks and not directed and line.may_share(asked) and _repeated(asked.words, line.words()) >= SAME:
            continue  # somebody else asks the same
        known = False
        for other in others:
            if other == place:
                known = True
        _consider(h, settings, model, asked, line, place, len(others) - 1 if known else len(others))
        if not known and not directed and len(others) < MOST_COMPETING:
            others.append(place)


def _place_of(h: History, asked: Asked) -> int:
    """Return the place of who asked in the table of people; -1: they aren't there."""
    if asked.asker < 0:
        asked.asker = h.index.get(asked.user, -1)
    return asked.asker


def _answerable(h: History, event: Arrival, named: list[str]) -> list[Asked]:
    """Return the questions that a message may answer, latest first."""
    found: list[Asked] = []
    if named:
        for user in named:
            if user != event.user_id:
                found += h.askers.get(user, NONE)
        if event.reply_to:  # to something else of theirs, then: of their questions only the last ones may be meant, too
            found = [asked for asked in found if _fresh(h, asked, event.ts)]
        found.reverse()
    elif event.mentions or event.reply_to or event.text.startswith("@"):
        pass  # to somebody who asks nothing
    else:
        place = len(h.open) - 1
        while place >= 0:
            asked = h.open[place]
            if not _fresh(h, asked, event.ts):
                break  # and so are all before
            found.append(asked)
            place -= 1
    return found


def _fresh(h: History, asked: Asked, at: int) -> bool:
    """Whether a message at ``at`` (ms) that is addressed to nobody may answer a question."""
    waited, between = at - asked.asked_at, h.head.messages - asked.place - 1
    return between <= FAR and (waited <= WATCHED_MS or (between <= SLOW_BETWEEN and waited <= SLOW_MS))


def _by_link(h: History, settings: GroupSettings, event: Arrival, author: Person) -> None:
    """Close what the message answers by an explicit link, for good; with it all that the same question was put in."""
    found: dict[str, float] = {}
    if event.thread_id:
        thread, user = event.thread_id, event.user_id
        begun = h.questions.get(
            thread
        )  # so that of all the others no more is looked at than their thread, if they have one
        for asked in h.open:
            if (asked is begun or (asked.thread and asked.thread == thread)) and asked.user != user:
                found[asked.event] = CONFIDENCE_THREAD
    if event.reply_to:
        target = h.questions.get(event.reply_to)
        if target is not None and not target.over and target.user != event.user_id:
            found[event.reply_to] = CONFIDENCE_REPLY
    for question, confidence in found.items():
        asked = h.questions[question]
        root = asked.joined_to or question
        for other in h.askers.get(asked.user, NONE):
            if other.event in (question, root) or other.joined_to == root:
                _candidate(h, other, author, event, confidence, True)
                _answered(h, settings, other, event.ts, max(confidence, other.confidence))
                other.over = True
                forget(h, other)


def _consider(  # noqa: PLR0917  # as on_message
    h: History, settings: GroupSettings, model: AnswerModel, asked: Asked, line: Line, place: int, competing: int
) -> None:
    """Judge a message as an answer to a question of the person at ``place``."""
    event, directed = line.event, bool(line.named)
    places = pair_places(h, asked, h.people[place], place, line, competing)
    if model.recorded is not None:
        model.recorded.append(("directed" if directed else "undirected", asked.event, event.id, event.ts, list(places)))
    likely = model.of_pair(places, directed)
    if likely >= LEAST and (_candidate(h, asked, line.author, event, likely, directed) or model.recorded is not None):
        _decide(h, settings, model, asked, event.ts)


def _candidate(h: History, asked: Asked, author: Person, event: Arrival, likely: float, directed: bool) -> bool:
    """Note a message that answers a question with a probability; return whether the question has to be judged anew.

    It need not be if nothing has changed but the doubt, and its class is the same: the judgement would be, too.
    """
    seen, doubt = asked.evidence, asked.doubt
    before = math.exp(doubt)
    first = likely * before
    more = doubt + math.log(1.0 - min(likely, _CERTAIN))
    if first <= seen.best:
        h.do(Doubted(asked, more))
        return not seen.judged or candidates_class(math.exp(more)) != candidates_class(before)
    new = seen.copy()
    new.best, new.best_event, new.best_by = first, event.id, event.user_id
    new.best_at, new.best_by_staff, new.best_directed = event.ts, author.is_staff, directed
    new.best_among = h.head.addressed >= BY_NAME
    new.best_between, new.best_told = h.head.messages - asked.place - 1, author.user in seen.told
    new.before, new.before_asked = new.said, new.asked_again
    new.after = new.after_ms = new.after_thanks = 0
    new.after_asked = new.after_named = False
    new.judged = True
    h.do(Weighed(asked, new, more))
    return True


def _asker_spoke(h: History, settings: GroupSettings, model: AnswerModel, line: Line, own: tuple[Asked, ...]) -> None:
    """Weigh what an asker says next: thanks, one more question, a word to whoever answered."""
    at = line.event.ts
    warm = -1
    for asked in own:
        seen = asked.evidence
        fresh = at - asked.asked_at <= WATCHED_MS or at - seen.best_at <= REACTION_MS
        if not fresh and seen.said > MANY and seen.moved_on > MANY:
            continue  # more of it makes no difference
        decides = fresh and seen.best_event != ""
        tells = _tells(seen, line, THANKFUL)  # whatever the words
        if tells and warm < 0:
            warm = warmth(line.event.text)
        if tells and _tells(seen, line, warm):
            h.do(Weighed(asked, _after_words(h, asked, line, warm, decides), asked.doubt))
            if decides:
                _decide(h, settings, model, asked, at)
        elif decides and (not seen.judged or model.recorded is not None):
            _decide(h, settings, model, asked, at)
        if asked.held and line.asks:
            h.change_asked(asked, visibly=False)
            asked.held = 0  # they do wait: judged anew, now
            if at < h.head.due_questions:
                h.change_head().due_questions = at


def _tells(seen: Evidence, line: Line, warm: int) -> bool:
    """Whether one more message of the asker's, as warm as this, changes what any feature tells apart."""
    if seen.said < MOST_COUNTED or line.asks or line.named or warm > seen.warmest or seen.first_ms < 0:
        return True
    return seen.best_event != "" and (seen.after < MOST_AFTER or warm > seen.after_thanks)


def _after_words(h: History, asked: Asked, line: Line, warm: int, judged: bool) -> Evidence:
    """Return the evidence after one more message of the asker's; ``judged``: the question will be, by this."""
    at, asks = line.event.ts, line.asks
    seen = asked.evidence.copy()
    seen.judged = judged
    seen.said = min(seen.said + 1, MOST_COUNTED)
    if asks:
        if seen.again_ms < 0:
            seen.again_ms = at - asked.asked_at
        seen.asked_again += 1
        seen.repeated = max(seen.repeated, _repeated(asked.words, line.words()))
    if line.named:
        seen.moved_on += 1
        for user in line.named:
            if len(seen.told) < MOST_TOLD and user not in seen.told:
                seen.told = (*seen.told, user)
    seen.warmest = max(seen.warmest, warm)
    if seen.first_ms < 0:
        seen.first_ms = at - asked.asked_at
        seen.first_between = h.head.messages - asked.place - 1
        seen.first_thanks, seen.first_asks, seen.first_length = warm, asks, line.size
    if seen.best_event:
        seen.after = min(seen.after + 1, MOST_AFTER)
        if seen.after == 1:
            seen.after_ms = at - seen.best_at
        seen.after_thanks = max(seen.after_thanks, warm)
        seen.after_asked = seen.after_asked or asks
        seen.after_named = seen.after_named or seen.best_by in line.named
    return seen


def _repeated(words: list[str], others: frozenset[str]) -> int:
    """Return the share of words in common (Jaccard index) in fifths, rounded up."""
    shared = 0
    for word in words:
        if word in others:
            shared += 1
    union = len(words) + len(others) - shared
    return (5 * shared + union - 1) // union if union else 0


def _decide(h: History, settings: GroupSettings, model: AnswerModel, asked: Asked, at: int) -> None:
    """Judge anew whether a question has been answered."""
    places, table = state_places(asked), NAMELESS
    if asked.evidence.best_directed:
        table = DIRECTED
    elif asked.evidence.best_among:
        table = AMONG_NAMES
    if model.recorded is not None:
        what = all_places(places, asked.scene)
        model.recorded.append((STATES[table], asked.event, asked.evidence.best_event, at, what))
    likely = model.of_state(places, asked.scene, table)
    if asked.status == "open":
        if likely >= model.threshold:
            _answered(h, settings, asked, at, model.of_named(places, asked.scene, table))
    elif likely < model.threshold - REOPENS:
        _reopened(h, settings, asked, at)
    else:
        confidence = model.of_named(places, asked.scene, table)
        if asked.evidence.best_event != asked.answer or abs(confidence - asked.confidence) >= SHOWN:
            _show(h, asked, confidence)


def doubtful(model: AnswerModel, asked: Asked, at: int) -> bool:
    """Whether an alert about a question at ``at`` (ms) is likely to be wrong; what mentions staff is never doubted."""
    if asked.kind == "mention":
        return False
    places = state_places(asked)
    if model.recorded is not None:
        model.recorded.append(("alarm", asked.event, "", at, all_places(places, asked.scene)))
    return model.of_alarm(places, asked.scene) >= model.bar


def _show(h: History, asked: Asked, confidence: float) -> None:
    seen = asked.evidence
    h.change_asked(asked)
    asked.answer, asked.answered_by, asked.answered_at = seen.best_event, seen.best_by, seen.best_at
    asked.by_staff, asked.confidence = seen.best_by_staff, round(confidence, 3)


def _answered(h: History, settings: GroupSettings, asked: Asked, at: int, confidence: float) -> None:
    _show(h, asked, confidence)
    asked.status = "answered"
    if asked.raised:
        unanswered.resolve(h, settings, asked, at)
    asked.until = max(asked.asked_at + WATCHED_MS, at + REACTION_MS)
    if asked.until < h.head.due_questions:
        h.change_head().due_questions = asked.until


def _reopened(h: History, settings: GroupSettings, asked: Asked, at: int) -> None:
    """What seemed an answer was none: the question waits anew, from now on."""
    h.change_asked(asked)
    asked.status, asked.answer, asked.answered_by, asked.answered_at = "open", "", "", 0
    asked.confidence, asked.by_staff, asked.raised, asked.held = 0.0, False, 0, 0
    if asked.due_at:
        asked.due_at = add_awake(at, asked.wait, settings.quiet)
        asked.escalates_at = add_awake(at, round(asked.wait * settings.deadlines.escalate_factor), settings.quiet)
        if asked.due_at < h.head.due_questions:
            h.change_head().due_questions = asked.due_at


def forget(h: History, asked: Asked) -> None:
    """Watch a question no more."""
    h.shut_question(asked)
    structure.helped(h, asked)
    left = [other for other in h.askers.get(asked.user, NONE) if other is not asked]
    if left:
        h.put(ASKERS, asked.user, tuple(left))
        return
    h.drop(ASKERS, asked.user)
    person = h.find(asked.user)
    if person is not None:
        names.remove(h, person)
