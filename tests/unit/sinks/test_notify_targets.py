"""No notice reaches into the network that we stand in: addresses, tricks with URLs, and name servers that change their mind."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from sinks.notify import targets
from sinks.notify.outbound import MAX_REPLY, Outbound, Reply, Unreachable
from sinks.notify.targets import Allowed, Forbidden, allowed, judge, target
from tests.support.receiver import in_loop, receiver

DATA = Path(__file__).parents[2] / "data" / "addresses"


def _lines(name: str) -> list[str]:
    return (DATA / f"{name}.txt").read_text("utf-8").split()


INSIDE = _lines("inside")

OUTSIDE = _lines("outside")

TRICKS = [
    *_lines("urls"),
    "http://127.0.0.1 /",
    "http://127.0.0.1\n.example.com/",
    "http://\t127.0.0.1/",
    " http://127.0.0.1/",
    "http://exa mple.com/",
]

NAMES = {
    "metadata.google.internal": ["169.254.169.254"],
    "metadata": ["169.254.169.254"],
    "169.254.169.254.nip.io": ["169.254.169.254"],
    "127.0.0.1.nip.io": ["127.0.0.1"],
    "localtest.me": ["127.0.0.1"],
    "rebind.example": ["127.0.0.1"],
    "both.example": ["1.1.1.1", "10.0.0.7"],
    "six.example": ["2606:4700:4700::1111", "::1"],
    "mapped.example": ["::ffff:10.0.0.7"],
    "example.com": ["1.1.1.1"],
    "foo.localhost": ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "xn--lcalhost-54a": ["127.0.0.1"],
    "alertmanager": ["10.0.0.7"],
}

NOTHING = Allowed()


async def lookup(host: str, port: int) -> Sequence[str]:
    """As the system resolves: the numbers of old (inet_aton) too."""
    if host in NAMES:
        return NAMES[host]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


def test_the_table_is_as_long_as_we_say() -> None:
    assert len(set(INSIDE)) + len(set(TRICKS)) >= 200
    assert len(INSIDE) == len(set(INSIDE))


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused(address: str) -> None:
    assert isinstance(judge("a.example", [address], NOTHING), Forbidden)


@pytest.mark.parametrize("address", INSIDE)
def test_one_address_inside_is_enough_to_refuse_a_name(address: str) -> None:
    assert isinstance(judge("a.example", ["1.1.1.1", address], NOTHING), Forbidden)
    assert isinstance(judge("a.example", [address, "2606:4700:4700::1111"], NOTHING), Forbidden)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_outside_is_taken(address: str) -> None:
    assert judge("a.example", [address], NOTHING) == [ip_address(address)]


@pytest.mark.parametrize("url", TRICKS)
@in_loop
async def test_no_way_to_write_it_leads_inside(url: str) -> None:
    """The listener proves it: whatever we say of a URL, nothing has been asked of this machine."""
    async with receiver() as (port, asked):
        for each in (
            url,
            url.replace("127.0.0.1", f"127.0.0.1:{port}", 1),
            url.replace("localhost", f"localhost:{port}", 1),
        ):
            outcome = await Outbound(NOTHING, resolver=lookup, connect_seconds=0.2, total_seconds=0.5).post(
                each, b"{}", {}
            )
            assert not isinstance(outcome, Reply)
            assert isinstance(outcome, Forbidden) or "no address" in outcome.why, outcome
        assert asked == []


@in_loop
async def test_an_answer_that_changes_between_check_and_connection_changes_nothing() -> None:
    """DNS rebinding: the second answer is never asked for, and a socket to another address is not even made."""
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])
    opened = Allowed((ip_network("127.0.0.2"),))
    asked_for = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked_for.append(host)
        return next(answers)

    async with receiver() as (port, asked):
        sender = Outbound(opened, resolver=rebinding, connect_seconds=0.2, total_seconds=0.5)
        first = await sender.post(f"http://rebind.example:{port}/", b"{}", {})
        assert isinstance(first, Unreachable)
        assert asked_for == ["rebind.example"]
        assert isinstance(await sender.post(f"http://rebind.example:{port}/", b"{}", {}), Forbidden)
        assert asked == []


@in_loop
async def test_what_the_configuration_opens_is_reached_by_its_own_name() -> None:
    async with receiver() as (port, asked):
        opened = allowed(["127.0.0.0/8", "alertmanager"])
        assert isinstance(opened, Allowed)
        NAMES["pinned.example"] = ["127.0.0.1"]
        reply = await Outbound(opened, resolver=lookup).post(f"http://pinned.example:{port}/api?x=1", b"{}", {})
        assert reply == Reply(200, b"ok", None)
        assert [(a.host, a.path) for a in asked] == [(f"pinned.example:{port}", "/api?x=1")]


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("ftp://example.com/", "only http and https are spoken, not ftp"),
        ("gopher://example.com/", "only http and https"),
        ("ws://example.com/", "only http and https"),
        ("//example.com/", "a URL without either"),
        ("http://example.com/a b", "spaces"),
        ("http://example.com/\\@x", "backslashes"),
        ("http://example.com/\x7f", "control"),
        ("http://example.com/" + "x" * (2048 - 18), "more than 2048"),
        ("http://u@example.com/", "user or password"),
        ("http://example.com:0/", "host and port"),
        ("http://[fe80::1%25eth0]/", "not clearly"),
        ("http://[", "can't be read"),
    ],
)
def test_a_url_to_the_outside_is_refused_for_what_it_is(url: str, word: str) -> None:
    found = target(url)
    assert isinstance(found, Forbidden)
    assert word in found.why


def test_a_url_may_be_as_long_as_we_say() -> None:
    longest = "http://example.com/" + "x" * (2048 - 19)
    assert len(longest) == 2048
    assert not isinstance(target(longest), Forbidden)


def test_a_name_without_an_address_is_refused() -> None:
    assert judge("a.example", [], NOTHING) == Forbidden("a.example has no address")
    assert judge("a.example", ["not an address"], NOTHING) == Forbidden(
        "a.example resolves to something that is no address"
    )


def test_what_is_refused_is_said_with_its_name_and_address() -> None:
    assert "a.example (10.0.0.7) is not" in judge("a.example", ["10.0.0.7"], NOTHING)[0]  # type: ignore[operator]
    assert "10.0.0.7 is not" in judge("10.0.0.7", ["10.0.0.7"], NOTHING)[0]  # type: ignore[operator]


def test_what_follows_the_host_is_no_host() -> None:
    for url in ("http://example.com#@127.0.0.1/", "http://example.com/?@127.0.0.1", "https://example.com/a@127.0.0.1"):
        found = target(url)
        assert not isinstance(found, Forbidden)
        assert found.host == "example.com"


def test_a_name_that_is_allowed_may_be_inside_but_not_at_the_metadata() -> None:
    opened = allowed(["Alertmanager."])
    assert isinstance(opened, Allowed)
    assert judge("alertmanager", ["10.0.0.7"], opened) == [ip_address("10.0.0.7")]
    assert judge("alertmanager", ["127.0.0.1"], opened) == [ip_address("127.0.0.1")]
    for address in ("169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1", "::ffff:10.0.0.7", "168.63.129.16"):
        assert isinstance(judge("alertmanager", [address], opened), Forbidden)
    assert isinstance(judge("alertmanager.evil.example", ["10.0.0.7"], opened), Forbidden)
    assert isinstance(judge("evil.example", ["10.0.0.7"], opened), Forbidden)


def test_a_network_that_is_allowed_opens_itself_and_no_other_way_to_write_it() -> None:
    opened = allowed(["10.0.0.0/8", "fd00::/8"])
    assert isinstance(opened, Allowed)
    assert judge("x", ["10.1.2.3", "fd00::1"], opened) == [ip_address("10.1.2.3"), ip_address("fd00::1")]
    assert isinstance(judge("x", ["::ffff:10.1.2.3"], opened), Forbidden)
    assert isinstance(judge("x", ["fd00::1%eth0"], opened), Forbidden)
    assert isinstance(judge("x", ["2606:4700:4700::1111%eth0"], opened), Forbidden)
    assert isinstance(judge("x", ["10.1.2.3", "192.168.0.1"], opened), Forbidden)


@pytest.mark.parametrize("entry", ["", "10.0.0.1/8", "10.0.0.0/33", "a b", "*.internal", "http://x", "127.1", "x/8"])
def test_a_wrong_entry_is_refused_with_its_words(entry: str) -> None:
    found = allowed([entry])
    assert isinstance(found, Forbidden)
    assert repr(entry) in found.why


@in_loop
async def test_a_name_in_another_script_is_reached_by_its_own_form() -> None:
    async def here(host: str, port: int) -> Sequence[str]:
        assert host == "xn--bcher-kva.example"
        return ["127.0.0.1"]

    async with receiver() as (port, asked):
        reply = await Outbound(Allowed((ip_network("127.0.0.1"),)), resolver=here).post(
            f"http://bücher.example:{port}/", b"{}", {}
        )
        assert isinstance(reply, Reply)
        assert asked[0].host == f"xn--bcher-kva.example:{port}"


@pytest.mark.parametrize("network", targets._REFUSED, ids=str)
def test_every_network_that_is_refused_is_in_the_table(network: targets.Network) -> None:
    """So that none can be dropped without a test that fails."""
    assert any(
        address in network
        for text in INSIDE
        if "%" not in text and (address := ip_address(text)).version == network.version
    )


@in_loop
async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": f"http://{request.headers['Host']}/inside"})

    async with receiver(elsewhere) as (port, asked):
        opened = Allowed(names=frozenset({"localhost"}))
        reply = await Outbound(opened, resolver=lookup).post(f"http://localhost:{port}/hook", b"{}", {})
        assert isinstance(reply, Reply)
        assert reply.status == 307
        assert [a.path for a in asked] == ["/hook"]


@in_loop
async def test_a_reply_is_read_up_to_a_bound_and_a_compressed_one_stays_so() -> None:
    async def much(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Encoding": "gzip"})
        await reply.prepare(request)
        try:
            while True:
                await reply.write(b"x" * 65_536)
        except ConnectionError:
            return reply

    async with receiver(much) as (port, _):
        opened = Allowed(names=frozenset({"localhost"}))
        reply = await Outbound(opened, resolver=lookup).post(f"http://localhost:{port}/", b"{}", {})
        assert isinstance(reply, Reply)
        assert len(reply.body) == MAX_REPLY


@pytest.mark.parametrize("slowly", ["head", "body", "name"])
@in_loop
async def test_who_answers_slowly_is_given_up(slowly: str) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        if slowly == "head":
            await asyncio.sleep(30)
        reply = web.StreamResponse()
        await reply.prepare(request)
        try:
            while True:
                await reply.write(b".")
                await asyncio.sleep(0.05)
        except ConnectionError:
            return reply

    async def never(host: str, port: int) -> Sequence[str]:
        if slowly == "name":
            await asyncio.sleep(30)
        return ["127.0.0.1"]

    async with receiver(slow) as (port, _):
        sender = Outbound(Allowed(names=frozenset({"localhost"})), resolver=never, total_seconds=0.3)
        reply = await sender.post(f"http://localhost:{port}/secret-path", b"{}", {})
        assert isinstance(reply, Unreachable)
        assert "0.3 s" in reply.why
        assert "secret-path" not in reply.why


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("99999999999999", 3600.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("1e3", None),
    ],
)
@in_loop
async def test_retry_after_is_read_as_seconds_or_a_date_within_reason(header: str, seconds: float | None) -> None:
    async def busy(request: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": header})

    async with receiver(busy) as (port, _):
        opened = Allowed(names=frozenset({"localhost"}))
        reply = await Outbound(opened, resolver=lookup).post(f"http://localhost:{port}/", b"{}", {})
        assert reply == Reply(429, b"", seconds)


@given(st.text(max_size=80))
def test_any_text_is_a_target_or_forbidden(text: str) -> None:
    for url in (text, "http://" + text):
        found = target(url)
        assert isinstance(found, Forbidden) or found.url.raw_host == found.host


@given(st.ip_addresses())
def test_what_python_calls_private_is_refused(address: object) -> None:
    """Another judge: everything that is not global by the standard library is refused by ours."""
    parsed = ip_address(str(address))
    if not parsed.is_global or parsed.is_multicast:
        assert isinstance(judge("x", [str(address)], NOTHING), Forbidden)


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server and its clients need for TLS as hooks.example."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    began = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), began, began + timedelta(3650)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "c.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "k.pem").write_bytes(private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "c.pem", folder / "k.pem")
    return server, ssl.create_default_context(cafile=str(folder / "c.pem"))


@in_loop
async def test_over_tls_the_name_is_asked_for_and_its_certificate_checked(
    certified: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, client = certified
    named: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: named.append(name)
    opened = Allowed((ip_network("127.0.0.1"),))

    async def here(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async with receiver(tls=server) as (port, asked):
        reply = await Outbound(opened, resolver=here, tls=client).post(f"https://hooks.example:{port}/x", b"{}", {})
        assert reply == Reply(200, b"ok", None)
        assert named == ["hooks.example"]
        assert asked[0].host == f"hooks.example:{port}"
        other = await Outbound(opened, resolver=here, tls=client).post(f"https://evil.example:{port}/x", b"{}", {})
        assert other == Unreachable("evil.example: its certificate is not valid for that name")
        untrusted = await Outbound(opened, resolver=here).post(f"https://hooks.example:{port}/x", b"{}", {})
        assert isinstance(untrusted, Unreachable)
        assert len(asked) == 1


def test_only_what_is_opened_by_name_or_network_is_inside() -> None:
    opened = allowed(["10.0.0.0/8", "Alertmanager."])
    assert isinstance(opened, Allowed)
    assert [targets.inside(host, opened) for host in ("10.1.2.3", "alertmanager", "ALERTMANAGER.")] == [True] * 3
    assert [targets.inside(host, opened) for host in ("11.1.2.3", "::1", "alertmanager.example", "example.com")] == [
        False
    ] * 4
