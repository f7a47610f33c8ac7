"""A ClickHouse server behind TLS and passwords: an owner and a reader who is held to reading."""

from dataclasses import dataclass
from pathlib import Path

from huoqun.store_config import Store
from tests.support import clickhouse
from tests.support.brokers import free_port
from tests.support.clickhouse import RunningClickHouse
from tests.support.secure_kafka import Authority

_TLS = """
<tcp_port_secure>{port}</tcp_port_secure>
<openSSL><server>
  <certificateFile>{certificate}</certificateFile><privateKeyFile>{key}</privateKeyFile><caConfig>{authority}</caConfig>
  <verificationMode>{mode}</verificationMode><loadDefaultCAFile>false</loadDefaultCAFile><cacheSessions>true</cacheSessions>
  <disableProtocols>sslv2,sslv3</disableProtocols><preferServerCiphers>true</preferServerCiphers>
</server></openSSL>
"""

_USER = "<{name}><password>{password}</password><networks><ip>127.0.0.1</ip></networks><profile>{profile}</profile><quota>default</quota></{name}>"


@dataclass
class SecureClickHouse:
    """The server, and how it is reached by each of its users."""

    running: RunningClickHouse
    owner: Store
    reader: Store


def start(
    directory: Path, *, password: str, reader_password: str = "a reader", mutual: bool = False
) -> SecureClickHouse:
    """Start it; raises :class:`tests.support.clickhouse.NoClickHouseError`. ``mutual``: clients show a certificate."""
    authority = Authority(directory)
    certificate, key, _ = authority.issue("server")
    port = free_port()
    users = clickhouse.USERS.replace("</profiles>", "<reader><readonly>1</readonly></reader></profiles>")
    for name, word, profile in (("huoqun", password, "default"), ("huoqun_reader", reader_password, "reader")):
        users = users.replace("</users>", _USER.format(name=name, password=word, profile=profile) + "</users>")
    mode = "strict" if mutual else "none"
    more = _TLS.format(port=port, certificate=certificate, key=key, authority=authority.file, mode=mode)
    running = clickhouse.start(directory, more=more, users=users)
    shown = authority.issue("client")[:2] if mutual else ("", "")

    def reached(user: str) -> Store:
        return Store(
            kind="clickhouse", port=port, user=user, secure=True, ca_file=str(authority.file), cert_file=str(shown[0]), key_file=str(shown[1]),
        )  # fmt: skip

    return SecureClickHouse(running, reached("huoqun"), reached("huoqun_reader"))
