"""Apache Kafka behind TLS and a sign-in: certificates of an authority that is made for the test, two listeners."""

import datetime as dt
import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from huoqun.kafka_config import Kafka
from tests.support import apache_kafka
from tests.support.brokers import OwnBroker, free_port

USER, PASSWORD = "huoqun", "correct horse; battery: staple!"

_LISTENERS = """
listeners=PLAINTEXT://127.0.0.1:{port},SIGNED://127.0.0.1:{signed},MUTUAL://127.0.0.1:{mutual},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SIGNED://127.0.0.1:{signed},MUTUAL://127.0.0.1:{mutual}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SIGNED:SASL_SSL,MUTUAL:SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
listener.name.signed.sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256
listener.name.signed.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.signed.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.mutual.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={directory}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={directory}/authority.pem
"""


@dataclass
class SecureKafka:
    """The broker, and how it may be reached."""

    broker: OwnBroker
    signed: Kafka
    """By SCRAM over TLS."""
    mutual: Kafka
    """By a certificate of ours."""


class Authority:
    """Signs certificates; all files are PEM, in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of this test")])
        self.file = directory / "authority.pem"
        self.file.write_bytes(self._signed(self._name, self._key.public_key(), authority=True))

    def issue(self, name: str) -> tuple[Path, Path, Path]:
        """Return the files of a certificate, its key, and both together."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        files = [self._directory / f"{name}{ending}" for ending in (".crt", ".key", ".pem")]
        for file, content in zip(files, (certificate, private, private + certificate), strict=True):
            file.write_bytes(content)
        return files[0], files[1], files[2]

    def _signed(self, name: x509.Name, key: ec.EllipticCurvePublicKey, *, authority: bool = False) -> bytes:
        now = dt.datetime.now(dt.UTC)
        building = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if not authority:
            here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            building = building.add_extension(x509.SubjectAlternativeName([here]), critical=False)
        return building.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@contextmanager
def running(directory: Path) -> Iterator[SecureKafka]:
    """Start it; raises as :func:`tests.support.apache_kafka.start`."""
    authority = Authority(directory)
    authority.issue("broker")
    certificate, key, _ = authority.issue("client")
    ports = {"signed": free_port(), "mutual": free_port()}
    broker = apache_kafka.start(
        directory,
        listeners=_LISTENERS,
        places={**ports, "directory": directory},
        users={USER: PASSWORD},
    )
    try:
        yield SecureKafka(
            broker,
            Kafka(
                bootstrap=f"127.0.0.1:{ports['signed']}", security="sasl_tls", ca_file=str(authority.file), user=USER
            ),
            Kafka(
                bootstrap=f"127.0.0.1:{ports['mutual']}", security="tls", ca_file=str(authority.file),
                cert_file=str(certificate), key_file=str(key),
            ),
        )  # fmt: skip
    finally:
        broker.stop()
