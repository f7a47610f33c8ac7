"""The weights of the risk that a member falls silent (:mod:`streams.core.rhythm`).

Made by ``python -m training.churn DATA --write``: not to be edited. Fitted to the first two thirds of the time of these
archives, all weighing the same; nothing of them is in here but these numbers.

- ``lean_zulip.events.ndjson.gz`` (77487d62d5a60ee9), 44,979 examples
- ``raku_irc.events.ndjson.gz`` (47d1ad51877aaf96), 16,026 examples
"""

from __future__ import annotations

from typing import Final

INTERCEPT: Final = 1.1567
SILENT: Final = 0.5636
ACTIVE: Final = -0.2571
USUAL: Final = -1.0408
MISSED: Final = 0.1967
KNOWN: Final = -0.0959
