"""The garbage collector and the C library, told what this process is like.

A worker makes and drops thousands of objects a batch, and keeps millions for days: its state. With Python's defaults a
third of its time went into looking for cycles, of which there are few: young objects were looked at every 700
allocations, and all of the state whenever it had grown by a quarter.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

YOUNG: Final = 200_000
"""Objects made, and not dropped, before the young ones are looked at: more than live at a time for one batch."""
OLDER: Final = 20


def begin() -> None:
    """Look seldom from now on, and never again at what is there already: modules, classes, configuration."""
    gc.set_threshold(YOUNG, OLDER, OLDER)
    settle()


def settle() -> None:
    """Do not look at what is there now again: state has been restored."""
    gc.freeze()


@contextmanager
def filling() -> Iterator[None]:
    """Do not look meanwhile, nor later at what is made: only state is."""
    was = gc.isenabled()
    gc.collect(0)  # what was dropped lately and refers to itself: once settled with the rest, nothing would free it
    gc.disable()
    try:
        yield
    finally:
        settle()  # before it is enabled: it would look at all of it at once
        if was:
            gc.enable()


def forget() -> None:
    """Look at everything once: state has been dropped, and what of it refers to itself can only be freed like this."""
    gc.unfreeze()
    gc.collect()


def trim() -> None:
    """Give back what the C library keeps of large freed blocks (GNU's; others do it unasked).

    Tables that grew for the rows of a midnight leave holes: of a million members' 1.6 GB that was 87 MB.
    """
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)
