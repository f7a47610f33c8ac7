"""Faults that change nothing anybody could see, each with the reason: they are told apart, and not counted as survivors.

A fault is known by its file, the line as it stands there (without a comment), and what is wrong; where the line changes, it has to be judged again.
"""

from __future__ import annotations

from pathlib import Path

EQUAL: dict[tuple[str, str, str], str] = {
    ("activity.py", "if h.head.minute >= 0:", "h.head.minute >= 0: Gt"): "the minute 0 was in 1970",
    ("activity.py", "if h.head.minute >= 0:", "0: one more"): "the minute 0 was in 1970",
    ("activity.py", "head.minute = -1", "1: one more"): "a mark: none is less than 0",
    ("activity.py", "if key_left > 0:", "key_left > 0: GtE"): "nobody is needed for nothing",
    ("activity.py", "median = -1", "1: one more"): "a mark: none is less than 0",
    ("alerts.py", "minutes = max(0, ms) // 60_000", "0: one more"): "less than a minute is none",
    ("answer_features.py", "if probability < 0.01:", "probability < 0.01: LtE"): "what is just as probable is below the first step, too",
    ("answering.py", 'return seen.best_event != "" and (seen.after < MOST_AFTER or warm > seen.after_thanks)',
     "warm > seen.after_thanks: GtE"): "judged once more than needed, with the same result",
    ("arrivals.py", "if not self.seen or marks[0] >= self.seen[-1]:", "marks[0] >= self.seen[-1]: Gt"):
     "put in one by one, they come to the same places",
    ("asks.py", "_MASK: Final = (1 << _RUN_BITS) - 1", "1: one more"): "a hash of one bit more or less, wherever it is made",
    ("asks.py", "_RUN_BITS: Final = 38", "38: one more"): "a hash of one bit more, wherever it is made",
    ("asks.py", "_TAKEN: Final = 1 << (_RUN_BITS - _SLOT_BITS)", "1: one more"): "a mark one bit higher, and within the three bytes still",
    ("asks.py", "_WORDS_FROM: Final = 1 << 21", "1: one more"): "words have other numbers, everywhere the same",
    ("asks.py", "return _WORDS_FROM + number, at", "_WORDS_FROM + number: Sub"): "words have other numbers, everywhere the same",
    ("broadcasts.py", "if usual < USED or sum(last) > NOTHING * SILENT * usual or max(last) > math.ceil(NOTHING * usual):",
     "sum(last) > NOTHING * SILENT * usual: GtE"): "0.2 * 3 is a little more than 0.6: no sum is ever just as much",
    ("broadcasts.py", "return 0.0", "return 0.0: nothing"): "never done: who shouted has a record of three weeks, and keeps it",
    ("changes.py", "h.changed_people.add(h.people[self.place].user)", "h.changed_people.add(h.people[self.place].user): left out"):
     "who writes is noted where the message is counted, too",
    ("checkins.py", "before: i64 = 0", "0: one more"): "before the first character there is none, and 1 is none of these",
    ("checkins.py", "if gap >= LONG_DAYS:", "gap >= LONG_DAYS: Gt"): "what is 28 days old is in neither week",
    ("checkins.py", "mask = mask << gap if gap >= 0 else mask >> -gap", "gap >= 0: Gt"): "moved by 0 days either way",
    ("checkins.py", "mask = mask << gap if gap >= 0 else mask >> -gap", "0: one more"): "moved by 0 days either way",
    ("decline.py", "self.week: int = 0", "0: one more"): "counted before anybody sees it",
    ("flood.py", "BOTS_ALONE: Final = -2", "2: one more"): "a mark, everywhere the same, and no place of a person",
    ("flood.py", "alone = h.now.get(place, 0)", "0: one more"): "staff's messages are not counted, and one is less than five",
    ("flood.py", "if five > h.head.peak_today and not h.troubles.flood:", "five > h.head.peak_today: GtE"): "written again as it is",
    ("flood.py", "left = t.bot_count + t.bot_before if ago == 0 else t.bot_count if ago == 1 else 0", "0: one more"):
     "bots flood with thirty: one is less than a quarter (that of the stretches is noticed)",
    ("flood.py", "rate=max(1, five * 2 // 5),", "1: one more"): "there are thirty at least",
    ("flood.py", "break", "break and continue: the other"): "the minutes before it are older still",
    ("flood.py", "now = before = 0", "0: one more"): "one more is looked at closely, with the same result",
    ("flood.py", "return False", "return False: nothing"): "it is only asked whether it is true",
    ("flood.py", "if most < ALONE_SHARE * total:", "ALONE_SHARE * total: FloorDiv"): "one more is looked at closely, with the same result",
    ("history.py", "if gone >= 64 or (gone and gone == len(self.minutes)):", "gone >= 64: Gt"): "a list is cut one minute later",
    ("lag.py", "self._work: int = -1", "1: one more"): "moved before it is asked for",
    ("lag.py", "self.soon: int = -1", "1: one more"): "moved before it is asked for",
    ("lag.py", "break", "break and continue: the other"): "the marks before it have lower offsets",
    ("leaving.py", "if t.hour < 0:", "t.hour < 0: LtE"): "the hour 0 was in 1970",
    ("leaving.py", "if t.hour < 0:", "0: one more"): "the hour 0 was in 1970",
    ("leaving.py", 'return ""', "return '': nothing"): "it is only asked whether there is a sentence",
    ("referral.py", "changed = False", "False: turned"): "written again as it is",
    ("referral.py", "return person.last_message_at >= person.joined_at > 0", "0: one more"): "the first millisecond was in 1970",
    ("referral.py", "left += person.left_at > 0", "0: one more"): "the first millisecond was in 1970",
    ("leaving.py", "return 0 < settings.ends_at <= ts + DAY_MS", "0: one more"): "the first millisecond was in 1970",
    ("likeness.py", "before: i64 = 0", "0: one more"): "nothing is added up before there are three letters",
    ("likeness.py", "while lane < 56:", "lane < 56: LtE"): "the counters end there: no bit beyond is set",
    ("likeness.py", "first: i64 = 0", "0: one more"): "nothing is added up before there are three letters",
    ("names.py", "if not names or not text:", "not names or not text: And"): "where there is no name or no text none is found",
    ("names.py", "if at - start > SHORTEST:", "at - start > SHORTEST: GtE"): "one letter is looked up, too: it is nobody's name",
    ("names.py", "if len(called) > _PAIR:", "len(called) > _PAIR: GtE"): "the only one there is the one that is removed",
    ("names.py", "if at - start > SHORTEST:", "at - start: Add"): "shorter words are looked up, too: they are nobody's",
    ("newcomers.py", "return False", "return False: nothing"): "it is only asked whether it is true",
    ("openings.py", '_YO: Final = pair("you", 0)', "0: one more"): "more texts are looked at closely, with the same result",
    ("openings.py", "you = pairs.may_hold(_YO) and pairs.may_hold(_OU)", "pairs.may_hold(_YO) and pairs.may_hold(_OU): Or"):
     "more texts are looked at closely, with the same result",
    ("openings.py", "found = _WORDS.get(text[at : at + 2], -1)", "1: one more"): "a mark, and no class of words",
    ("openings.py", "while end > at:", "end > at: GtE"): "of signs alone nothing is left, which is no word",
    ("pairs.py", "masks[pair] = masks.get(pair, 0) | 1", "0: one more"): "the bit is set",
    ("pairs.py", "if len(masks) > MOST_PAIRS:", "len(masks) > MOST_PAIRS: GtE"): "as many as are kept are all kept",
    ("pairs.py", "if reverse and who > whom:", "who > whom: GtE"): "nobody replies to themselves",
    ("partition.py", "self._run = LEAST_RUN if self._woken > MOST_WOKEN else min(2 * self._run, MOST_RUN)", "self._woken > MOST_WOKEN: GtE"):
     "how many events are put into order at once changes no result",
    ("partition.py", "self._run = LEAST_RUN if self._woken > MOST_WOKEN else min(2 * self._run, MOST_RUN)", "2: one more"):
     "how many events are put into order at once changes no result",
    ("partition.py", "tracked.chain.fence = -1", "1: one more"): "the first offset is 0",
    ("partition.py", "tracked.need = -1", "1: one more"): "the first offset is 0",
    ("partition.py", "self._ticks, self._safe = [], -1", "1: one more"): "nothing is committed before the first offset",
    ("partition.py", "if self.offset <= tracked.chain.fence:", "self.offset <= tracked.chain.fence: Lt"):
     "what is at the fence is the last that was saved: nobody is left to be erased, nor anything to be read again",
    ("partition.py", "if offset <= tracked.chain.fence:", "offset <= tracked.chain.fence: Lt"):
     "the last that is read again is recognised when it is taken for a new one",
    ("partition.py", "tracked.wake = NEVER", "tracked.wake = NEVER: left out"): "it is woken once more, with nothing due",
    ("partition.py", "steps = h.settle(NEVER, 0)", "0: one more"): "all of it is before that time",
    ("partition.py", "if not 0 <= ts <= MAX_TS_MS or not 0 <= event.received_at <= MAX_TS_MS:", "0: one more"):
     "the first millisecond was in 1970 (that of the reception is noticed)",
    ("partition.py", "group.insert(tracked.arrived, 0)", "0: one more"): "no timer is due in 1970",
    ("partition.py", "group.insert([event], 0)", "0: one more"): "no timer is due in 1970",
    ("partition.py", "if wake < tracked.wake:", "wake < tracked.wake: LtE"): "of two entries for the same moment one is skipped",
    ("partition.py", "return False", "return False: nothing"): "it is only asked whether it is true",
    ("partition.py", "tracked.since, tracked.erased = -1, False", "1: one more"): "it is only asked whether it is below nothing",
    ("partition.py", "tracked.fresh = True", "tracked.fresh = True: left out"):
     "a group is looked at twice, the second time with nothing to tell",
    ("partition.py", "tracked.fresh = True", "True: turned"): "a group is looked at twice, the second time with nothing to tell",
    ("purpose.py", "return 0 < settings.ends_at <= at or h.life.goal_met in _goals(settings)", "0: one more"):
     "the first millisecond was in 1970",
    ("purpose.py", "if 0 < settings.ends_at <= at and coverage.is_full(h):", "0: one more"): "the first millisecond was in 1970",
    ("quarrel.py", "break", "break and continue: the other"): "the messages before it are older still",
    ("quarrel.py", "other = -1", "1: one more"): "a mark of nobody, and no place of a person",
    ("quarrel.py", 't.quarrel, t.quarrel_last, t.quarrel_people = "", 0, ()', "0: one more"):
     "it is looked at in a quarrel only, and written when one begins",
    ("quarrel.py", "return False", "return False: nothing"): "it is only asked whether it is true",
    ("questions.py", "first = author.messages == 0 and author.joined_at > 0 and event.ts - author.joined_at <= NEWCOMER_MS",
     "0: one more"): "the first millisecond was in 1970 (that of the messages is noticed)",
    ("reactions.py", "_MAY_THANK: Final = 1", "1: one more"): "a bit that says where to look closely: one looks more often",
    ("reactions.py", "_MAY_CHECK_IN: Final = 2", "2: one more"): "one looks more often, with the same result",
    ("reactions.py", "_MAY_SETTLE: Final = 4", "4: one more"): "one looks more often, with the same result",
    ("reactions.py", "if code < ASCII:", "code < ASCII: LtE"): "the character 128 is no letter",
    ("reactions.py", "following: i64 = ord(text[at + 1]) if at + 1 < len(text) else 0", "0: one more"):
     "nothing begins with a letter and either of them",
    ("reactions.py", "following: i64 = ord(text[at + 1]) if at + 1 < len(text) else 0", "1: one more"):
     "no disagreement has two letters (that of the place is noticed)",
    ("reactions.py", "return _SIGNS.found_in(text) & _MAY_CHECK_IN != 0 and _CHECKS_IN.search(text) is not None", "0: one more"):
     "one looks at every text, with the same result",
    ("roles.py", "break", "break and continue: the other"): "what is left never grows again",
    ("stages.py", "for ago in range(max(0, silent), len(messages)):", "0: one more"):
     "who spoke yesterday is not dormant, however rarely they do",
    ("wording.py", "return bytes(ord(chr(code).lower()) if code < 128 and re.match(kept, chr(code)) else 32 for code in range(256))",
     "code < 128: LtE"): "the character 128 is none that is kept",
}  # fmt: skip
"""File, line, fault -> why it is the same program to whoever looks at what it tells, keeps and saves."""


def reason(file: Path, line: int, said: str) -> str:
    """Return why a fault changes nothing, if that is known."""
    stands = file.read_text("utf-8").splitlines()[line - 1].partition("  # ")[0].strip()
    return EQUAL.get((file.name, stands, said), "")
