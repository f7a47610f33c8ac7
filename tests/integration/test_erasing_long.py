"""Erasing one of a thousand people from a million events: about a minute an engine, so with HUOQUN_LONG=1 only.

``HUOQUN_LONG=1 python -m pytest -s tests/integration/test_erasing_long.py`` prints what it took.
"""

import time

import pytest

from huoqun.control import Erase
from sinks.erasing import Eraser
from tests.support.engines import Engine
from tests.support.long import LONG

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not LONG, reason="a long one: HUOQUN_LONG=1 runs it"),
]

ROWS = 1_000_000
T0 = 1_767_225_600_000
NAMES = "id, type, ts, platform, group_id, user_id, user_name, text, reply_to, mentions, received_at, extra, version, deleted"
FILL = (
    "INSERT INTO {database}.events_rows ({names}) SELECT concat('e', toString(number)), 'message', {ts}, 'qq', "
    "concat('g', toString(number % 50)), concat('user-', toString(number % 1000)), concat('名字', toString(number % 1000)), "
    "if(number % 997 = 0, '@名字7 谢谢', concat('message number ', toString(number))), "
    "if(number % 100 = 8, concat('e', toString(number - 1)), ''), if(number % 997 = 0, ['user-7'], emptyArrayString()), "
    "{ts}, '{{}}', toUInt64(1), toUInt8(0) FROM numbers({rows})"
)
LOOK = (
    "SELECT count() FROM {database}.events_rows WHERE user_id = 'user-7' OR position(text, '名字7 ') > 0 OR user_name = '名字7' "
    "OR has(mentions, 'user-7') OR (reply_to != '' AND toUInt64OrZero(substring(reply_to, 2)) % 1000 = 7)"
)


def test_nothing_is_left_of_one_in_a_million_rows_within_a_minute(engine: Engine) -> None:
    (kind,) = engine.store.select(
        f"SELECT type FROM system.columns WHERE database = '{engine.database}' AND table = 'events_rows' AND name = 'ts'"
    )[0]
    ts = f"{T0} + toInt64(number)" if kind == "Int64" else f"fromUnixTimestamp64Milli({T0} + toInt64(number), 'UTC')"
    engine.store.execute(FILL.format(database=engine.database, names=NAMES, ts=ts, rows=ROWS))
    look = LOOK.format(database=engine.database)
    before = int(engine.store.select(look)[0][0])
    assert before > 2_000
    eraser = Eraser(engine.database, clock=lambda: T0 + 2 * ROWS)
    eraser.begin(engine.store)
    erase = Erase(id="x", at=T0 + ROWS, platform="qq", users=("user-7",))

    began = time.monotonic()
    rows = eraser.erase(engine.store, erase)
    took = time.monotonic() - began
    again = time.monotonic()
    second = eraser.erase(engine.store, erase)
    print(
        f"\n{engine.kind}: {ROWS:,} events, {rows:,} rows erased or changed in {took:.1f} s, the second run {time.monotonic() - again:.1f} s"
    )

    assert int(engine.store.select(look)[0][0]) == 0
    assert (rows >= before, second) == (True, 0)
    assert took < 60
