"""All gateways together (pure): their reports, in the order in which they stand in the topic, become one view of the sources.

Time is in the reports. What is judged is the moment up to which every process that lives has spoken: so nothing that one of
them has seen comes too late, and whoever reads the same records comes to the same alerts, at the same records. A process that
does not speak any more holds the others up until one of them has spoken :data:`ROUNDS` times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from huoqun.results import Alert
from huoqun.sources import Beat, Kept, Process, Report, State, Stepped, Told, Waiting
from producers.watch.silence import Rule, Silence

ROUNDS: Final = 6
_UNWATCHED: Final = Rule("", 0)


class Seen(NamedTuple):
    """One source, as all processes that live see it together."""

    name: str
    kind: str
    coverage: str
    last_event_at: int
    last_sign_at: int
    per_minute: float
    refused: Mapping[str, int]
    skew_ms: int | None
    lost_steps: int
    lost_beats: int
    """Both within the last day."""
    silent: Alert | None
    """The alert, while it is open."""


class _Speaker:
    """A process that is taken to be alive."""

    __slots__ = ("at", "numbers", "report", "signs", "since", "started_at")

    def __init__(self, known: Process) -> None:
        self.started_at = known.started_at
        self.at = known.at
        self.since = known.since
        self.report: Report | None = None
        self.signs: dict[str, int] = {}
        """Source -> its last sign of life, as last told."""
        self.numbers = known.numbers
        """Source -> the number of the last heartbeat or step that was taken up."""


class Overview:
    """The fold over the reports. ``rules`` are those of the configured sources; others are shown and never judged."""

    def __init__(self, rules: Mapping[str, Rule], state: State | None = None) -> None:
        self._rules = rules
        self.at = 0
        """The moment up to which everything is known."""
        self.offset = -1
        self.newest_at = 0
        """The latest report's time."""
        self._speakers: dict[str, _Speaker] = {}
        self._waiting: list[Waiting] = []
        self.silences: dict[str, Silence] = {}
        if state is not None:
            self.at, self.offset = state.at, state.offset
            self._speakers = {name: _Speaker(known) for name, known in state.processes.items()}
            for name, kept in state.sources.items():
                self._silence(name, kept)
            self._waiting = state.waiting
        for name in rules:
            self._silence(name)

    @property
    def speaker(self) -> str | None:
        """The process that speaks for all: the oldest one that lives, of those that read what the others say."""
        able = [n for n, s in self._speakers.items() if s.report is not None and s.report.reads]
        return min(able, key=lambda name: (self._speakers[name].started_at, name), default=None)

    def alerts(self) -> list[Alert]:
        """Return every alert there has been, as it stands."""
        return [silence.alert for silence in self.silences.values() if silence.alert is not None]

    def take(self, offset: int, report: Report) -> None:
        """Take in the next report, found at ``offset``; one that is known already changes nothing."""
        if offset <= self.offset:
            return
        self.offset = offset
        speaker = self._speakers.get(report.process)
        if speaker is None:
            speaker = self._speakers[report.process] = _Speaker(Process(report.started_at, report.at, {}, {}))
        speaker.report, speaker.at, speaker.since = report, max(speaker.at, report.at), {}
        self.newest_at = max(self.newest_at, report.at)
        for name, other in self._speakers.items():
            if name != report.process:
                other.since[report.process] = other.since.get(report.process, 0) + 1
        for name, told in report.sources.items():
            self._gather(speaker, name, told)
        self._advance(report)

    def state(self) -> State:
        """Return what has to be remembered."""
        processes = {name: Process(s.started_at, s.at, s.since, s.numbers) for name, s in self._speakers.items()}
        sources = {name: silence.kept for name, silence in self.silences.items()}
        return State(self.offset, self.at, processes, sources, self._waiting)

    def seen(self) -> list[Seen]:
        """Return every source that a living process knows, or that is configured here, by name."""
        told: dict[str, list[Told]] = {name: [] for name in self._rules}
        for speaker in self._speakers.values():
            for name, one in (speaker.report.sources if speaker.report is not None else {}).items():
                told.setdefault(name, []).append(one)
        return [self._seen(name, ones) for name, ones in sorted(told.items())]

    def _seen(self, name: str, ones: Sequence[Told]) -> Seen:
        silence = self.silences.get(name)
        gaps = [] if silence is None else silence.gaps(self.at)
        refused: dict[str, int] = {}
        for one in ones:
            for reason, count in one.refused.items():
                refused[reason] = refused.get(reason, 0) + count
        skews = [one for one in ones if one.skew_ms is not None]
        alert = None if silence is None else silence.alert
        last = max((one.last_sign_at for one in ones), default=0)
        return Seen(
            name=name,
            kind=ones[0].kind if ones else self._rules[name].kind,
            coverage=ones[0].coverage if ones else "full",
            last_event_at=max((one.last_event_at for one in ones), default=0),
            last_sign_at=max(last, silence.kept.last_sign_at if silence is not None else 0),
            per_minute=round(sum(one.per_minute for one in ones), 2),
            refused=refused,
            skew_ms=max(skews, key=lambda one: one.last_sign_at).skew_ms if skews else None,
            lost_steps=sum(gap.count for gap in gaps if gap.kind == "step"),
            lost_beats=sum(gap.count for gap in gaps if gap.kind == "beat"),
            silent=alert if alert is not None and alert.state == "open" else None,
        )

    def _silence(self, name: str, kept: Kept | None = None) -> Silence:
        if name not in self.silences:
            self.silences[name] = Silence(name, self._rules.get(name, _UNWATCHED), kept)
        return self.silences[name]

    def _gather(self, speaker: _Speaker, name: str, told: Told) -> None:
        """Take up what is new in a report."""
        silence = self._silence(name)
        known = max(speaker.signs.get(name, 0), silence.kept.last_sign_at)
        for at in (told.first_sign_at, told.last_sign_at):
            if at > known:
                self._waiting.append(Waiting(max(at, self.at), name))
                known = at
        speaker.signs[name] = max(speaker.signs.get(name, 0), told.last_sign_at)
        before = speaker.numbers.get(name, 0)
        every: list[Beat | Stepped] = [*told.beats, *told.steps]
        new = [sign for sign in every if sign.number > before]
        if not new:
            return
        new.sort(key=lambda sign: sign.number)
        speaker.numbers[name] = new[-1].number
        if before and new[0].number > before + 1:
            silence.lose_track()
        for sign in new:
            beat, step = (sign, None) if isinstance(sign, Beat) else (None, sign)
            self._waiting.append(Waiting(max(sign.at, self.at), name, beat, step))

    def _advance(self, report: Report) -> None:
        """Judge what everybody has spoken of by now."""
        if report.ended:
            until = self._spoken(self._living(without=report.process), report.at)
        else:
            until = self._spoken(self._living(), report.at)
        if not self.at:
            self.at = min(until, report.started_at)  # the first report of all
        if until > self.at:
            due = sorted((sign for sign in self._waiting if sign.at <= until), key=lambda sign: sign.at)
            self._waiting = [sign for sign in self._waiting if sign.at > until]
            for sign in due:
                self._pass(sign.at)
                _apply(self._silence(sign.source), sign)
            self._pass(until)
            for silence in self.silences.values():
                silence.judge(until)
        dead = self._speakers.keys() - self._living(without=report.process if report.ended else "")
        for name in dead:
            del self._speakers[name]

    def _living(self, without: str = "") -> set[str]:
        return {n for n, s in self._speakers.items() if n != without and max(s.since.values(), default=0) < ROUNDS}

    def _spoken(self, living: Iterable[str], at: int) -> int:
        return min((self._speakers[name].at for name in living), default=at)

    def _pass(self, until: int) -> None:
        """Let time pass for every source, as far as any process was there to take something in."""
        start, self.at = self.at, max(self.at, until)
        covered = self._covered(start, until)
        for silence in self.silences.values():
            if sum(end - begin for begin, end in covered) < until - start:
                silence.hole()
            for begin, end in covered:
                silence.pass_time(begin, end)

    def _covered(self, start: int, end: int) -> list[tuple[int, int]]:
        spans = sorted((max(start, s.started_at), min(end, s.at)) for s in self._speakers.values())
        found: list[tuple[int, int]] = []
        for begin, until in spans:
            if found and begin <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], until))
            elif begin < until:
                found.append((begin, until))
        return found


def _apply(silence: Silence, sign: Waiting) -> None:
    if sign.beat is not None:
        silence.beats(sign.at, sign.beat.interval)
    elif sign.step is not None:
        silence.steps(sign.at, sign.step.group, sign.step.before, sign.step.after)
    else:
        silence.lives(sign.at)
