"""Real processes, killed, frozen, cut off and starved; and what must be right afterwards. ``python -m tests.chaos --help``."""
