"""What is computed: pure machines in ``core``, carried by Faust in thin shells."""

from streams.compiled import use as _use_compiled

COMPILED = _use_compiled()
"""Whether the core runs in its compiled form (see :mod:`streams.compiled`)."""
