"""The log hears of a broker's trouble once, and again while it lasts; who asks hears of it at any time."""

from producers.publishing.trouble import SAY_AGAIN_SECONDS, SLOW_SECONDS, Trouble


class Log:
    def __init__(self) -> None:
        self.said: list[str] = []

    def warning(self, event: str, *, trouble: str) -> None:
        assert event == "broker"
        self.said.append(trouble)


def test_the_same_trouble_is_logged_once_a_minute_and_another_at_once() -> None:
    log = Log()
    trouble = Trouble(log)
    for now in (0.0, 1.0, SAY_AGAIN_SECONDS):
        trouble.note("gone", now)
    assert log.said == ["gone"]
    trouble.note("gone", SAY_AGAIN_SECONDS + 1)
    trouble.note("slow", SAY_AGAIN_SECONDS + 2)
    assert log.said == ["gone", "gone", "slow"]


def test_what_was_over_and_comes_back_is_logged_again() -> None:
    log = Log()
    trouble = Trouble(log)
    for text in ("gone", None, "gone"):
        trouble.note(text, 1.0)
    assert log.said == ["gone", "gone"]


def test_it_is_trouble_until_it_is_known_to_be_none_and_when_answers_stay_away() -> None:
    trouble = Trouble(Log())
    assert trouble.of(None, 0.0) == "not connected to the broker yet"
    trouble.note(None, 0.0)
    assert trouble.of(None, 100.0) is None
    assert trouble.of(100.0, 100.0 + SLOW_SECONDS) is None
    assert trouble.of(100.0, 107.0) == "the broker has not acknowledged for 7 s"
