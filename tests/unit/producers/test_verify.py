"""Signatures: published vectors, every single flipped bit, and hostile headers."""

import ast
import base64
import hmac
import inspect
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from huoqun.standard_webhooks import sign
from producers import verify
from producers.verify import Denied, fresh, sha1_hex, sha256_hex, standard_keys, standard_webhooks, token

# The example of https://github.com/standard-webhooks/standard-webhooks (libraries/python/tests, README).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIME = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def keys(text: str = SECRET) -> list[bytes]:
    found = standard_keys(text)
    assert not isinstance(found, Denied)
    return found


def check(
    *, ids=(ID,), timestamps=(str(TIME),), signatures=(SIGNATURE,), body=BODY, secret=SECRET, now=TIME
) -> Denied | None:
    return standard_webhooks(
        ids=ids, timestamps=timestamps, signatures=signatures, body=body, keys=keys(secret), now_s=now
    )


def test_the_published_vector_is_authentic() -> None:
    assert check() is None


def test_what_we_sign_is_the_published_vector() -> None:
    assert sign(message_id=ID, timestamp_s=TIME, body=BODY, key=keys()[0]) == {
        "webhook-id": ID,
        "webhook-timestamp": str(TIME),
        "webhook-signature": SIGNATURE,
    }


def test_every_flipped_bit_of_body_id_time_and_signature_is_refused() -> None:
    fields = {"body": BODY, "ids": ID.encode(), "timestamps": str(TIME).encode(), "signatures": SIGNATURE.encode()}
    refused = 0
    for name, value in fields.items():
        for bit in range(len(value) * 8):
            flipped = bytearray(value)
            flipped[bit // 8] ^= 1 << bit % 8
            given_value = bytes(flipped) if name == "body" else (bytes(flipped).decode("utf-8", "surrogateescape"),)
            assert check(**{name: given_value}) is not None, (name, bit)
            refused += 1
    assert refused == 8 * sum(map(len, fields.values()))


def test_every_flipped_bit_of_a_message_of_a_kilobyte_is_refused() -> None:
    """All 8,192 of them, and its last byte lost, doubled or moved into the id."""
    body = bytes(range(256)) * 4
    signature = sign(message_id=ID, timestamp_s=TIME, body=body, key=keys()[0])["webhook-signature"]
    assert check(body=body, signatures=(signature,)) is None
    for bit in range(len(body) * 8):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        assert check(body=bytes(flipped), signatures=(signature,)) is not None, bit
    for other in (body[:-1], body + body[-1:], b"", body[::-1]):
        assert check(body=other, signatures=(signature,)) is not None


@pytest.mark.parametrize(("offset", "authentic"), [(-300, True), (300, True), (-301, False), (301, False)])
def test_the_clock_may_differ_by_five_minutes(offset: int, authentic: bool) -> None:
    assert (check(now=TIME + offset) is None) is authentic


@pytest.mark.parametrize(
    "timestamp",
    ["", "nan", "inf", "1e3", "-1", "+1614265330", " 1614265330", "1614265330.0", "١٦١٤٢٦٥٣٣٠", "9" * 400, "0x10"],
)
def test_a_strange_timestamp_is_refused(timestamp: str) -> None:
    denied = check(timestamps=(timestamp,))
    assert denied is not None
    assert denied.where == "webhook-timestamp"


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1",
        "v1,",
        ",",
        "v1,,",
        "v1 " + SIGNATURE[3:],
        "v2" + SIGNATURE[2:],
        "v1a" + SIGNATURE[2:],
        "v1a,",
        "v1a,\udcff",
        SIGNATURE.rstrip("="),
        SIGNATURE + "=",
        SIGNATURE.upper(),
        "\udcff",
        "v1,\u0661",
        " " * 500,
    ],
)
def test_a_strange_signature_is_refused(signature: str) -> None:
    denied = check(signatures=(signature,))
    assert denied is not None
    assert denied.where == "webhook-signature"


@pytest.mark.parametrize("name", ["ids", "timestamps", "signatures"])
def test_missing_and_repeated_headers_are_refused(name: str) -> None:
    for values in ((), ("",), (SIGNATURE, SIGNATURE)):
        assert check(**{name: values}) is not None


def test_an_id_with_a_full_stop_is_refused_since_it_could_be_read_in_two_ways() -> None:
    signed = sign(message_id="a.1614265330", timestamp_s=TIME, body=BODY, key=keys()[0])
    shifted = standard_webhooks(
        ids=("a",),
        timestamps=("1614265330",),
        signatures=(signed["webhook-signature"],),
        body=b"1614265330." + BODY,
        keys=keys(),
        now_s=TIME,
    )
    assert shifted is None  # the signature alone can't tell: hence the rule
    assert check(ids=("a.1614265330",), signatures=(signed["webhook-signature"],)) is not None


def test_one_of_several_signatures_is_enough() -> None:
    assert check(signatures=(f"v1,AAAA v1a,BBBB  {SIGNATURE} v1,CCCC",)) is None


def test_a_flood_of_signatures_is_cut_short() -> None:
    assert check(signatures=(" ".join(["v1,AAAA"] * 5000 + [SIGNATURE]),)) is not None


def test_the_old_secret_works_during_rotation_and_not_after() -> None:
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()
    assert check(secret=f"{new}, {SECRET}") is None
    assert check(secret=new) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "whsec_",
        "whsec_!!!!",
        "whsec_" + base64.b64encode(b"short").decode(),
        SECRET + ",",
        "whsec_é",
        "whpk_!",
        "whpk_" + base64.b64encode(b"k" * 31).decode(),
        "whsk_" + base64.b64encode(b"k" * 32).decode(),
    ],
)
def test_a_bad_secret_is_named_and_never_shown(text: str) -> None:
    denied = standard_keys(text)
    assert isinstance(denied, Denied)
    shown = text.strip(",")
    assert not shown or shown not in denied.why


@given(st.lists(st.text()), st.lists(st.text()), st.lists(st.text()), st.binary())
def test_hostile_headers_never_raise(ids, timestamps, signatures, body) -> None:
    assert check(ids=ids, timestamps=timestamps, signatures=signatures, body=body) is not None


@given(st.binary() | st.binary(min_size=64, max_size=64).map(base64.b64encode))
def test_hostile_asymmetric_signatures_never_raise(signature: bytes) -> None:
    offered = "v1a," + signature.decode("utf-8", "surrogateescape")
    assert check(signatures=(offered,), secret=PUBLIC) is not None


# The example of https://github.com/standard-webhooks/standard-webhooks (libraries/go/webhook_asymmetric_test.go).
PAIR = Ed25519PrivateKey.from_private_bytes(base64.b64decode("VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="))
PUBLIC = "whpk_" + base64.b64encode(PAIR.public_key().public_bytes_raw()).decode()
ASYMMETRIC = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="


def test_the_published_asymmetric_vector_is_authentic_beside_others_and_beside_shared_secrets() -> None:
    assert check(signatures=(ASYMMETRIC,), secret=PUBLIC) is None
    assert check(signatures=(f"v1,AAAA v1a,BBBB {ASYMMETRIC}",), secret=f"{SECRET},{PUBLIC}") is None
    assert check(signatures=(SIGNATURE,), secret=f"{PUBLIC},{SECRET}") is None
    assert check(signatures=(ASYMMETRIC,)) is not None
    assert check(signatures=("v1," + ASYMMETRIC[4:],), secret=PUBLIC) is not None


def test_a_public_key_is_no_shared_secret() -> None:
    """Everybody may know it: what is signed with it as if it were a secret is worth nothing."""
    forged = sign(message_id=ID, timestamp_s=TIME, body=BODY, key=bytes(keys(PUBLIC)[0]))["webhook-signature"]
    assert check(signatures=(forged,), secret=PUBLIC) is not None
    assert check(signatures=(forged.replace("v1,", "v1a,"),), secret=PUBLIC) is not None


def test_every_flipped_bit_of_an_asymmetric_signature_and_what_it_covers_is_refused() -> None:
    fields = {"body": BODY, "ids": ID.encode(), "timestamps": str(TIME).encode(), "signatures": ASYMMETRIC.encode()}
    for name, value in fields.items():
        for bit in range(len(value) * 8):
            flipped = bytearray(value)
            flipped[bit // 8] ^= 1 << bit % 8
            field = bytes(flipped) if name == "body" else (bytes(flipped).decode("utf-8", "surrogateescape"),)
            changed = {"signatures": (ASYMMETRIC,)} | {name: field}
            assert check(secret=PUBLIC, **changed) is not None, (name, bit)


def test_their_library_takes_what_we_sign_and_we_what_it_signs() -> None:
    theirs = Webhook(SECRET)
    now = datetime.now(UTC)
    ours = sign(message_id=ID, timestamp_s=int(now.timestamp()), body=BODY, key=keys()[0])
    assert theirs.verify(BODY, ours) == {"test": 2432232314}
    signature = theirs.sign(ID, now, BODY.decode())
    second = str(int(now.timestamp()))
    assert check(timestamps=(second,), signatures=(signature,), now=int(second)) is None


def test_onebot_signature_of_the_specification_example_form() -> None:
    signature = "sha1=" + hmac.new(b"kSLuTF2GC2Q4q4ugm3", b'{"post_type":"message"}', "sha1").hexdigest()
    good = sha1_hex(signatures=[signature], body=b'{"post_type":"message"}', keys=[b"other", b"kSLuTF2GC2Q4q4ugm3"])
    assert good is None


def test_every_flipped_bit_of_a_onebot_body_and_signature_is_refused() -> None:
    body = b'{"time":1}'
    signature = ("sha1=" + hmac.new(b"k", body, "sha1").hexdigest()).encode()
    for bit in range(len(body) * 8):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        assert sha1_hex(signatures=[signature.decode()], body=bytes(flipped), keys=[b"k"]) is not None
    for bit in range(len(signature) * 8):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        assert sha1_hex(signatures=[flipped.decode("utf-8", "surrogateescape")], body=body, keys=[b"k"]) is not None


@pytest.mark.parametrize("signatures", [[], [""], ["sha1="], ["sha1"], ["md5=ab"], ["\udcff"], ["sha1=a", "sha1=a"]])
def test_a_strange_onebot_signature_is_refused(signatures: list[str]) -> None:
    assert sha1_hex(signatures=signatures, body=b"{}", keys=[b"k"]) is not None


@pytest.mark.parametrize("signatures", [[], [""], ["v0="], ["\udcff"], ["v0=a", "v0=a"]])
def test_a_strange_sha256_signature_is_refused(signatures: list[str]) -> None:
    assert sha256_hex(signatures=signatures, signed=b"{}", keys=[b"k"], where="X", prefix="v0=") is not None


def test_a_sha256_signature_fits_any_of_the_keys_and_only_with_its_prefix() -> None:
    digest = hmac.new(b"k", b"body", "sha256").hexdigest()
    for offered, fits in ((f"v0={digest}", True), (digest, False), (f"v1={digest}", False), (f"V0={digest}", False)):
        found = sha256_hex(signatures=[offered], signed=b"body", keys=[b"old", b"k"], where="X", prefix="v0=")
        assert (found is None) is fits


@pytest.mark.parametrize(
    "timestamps", [[], [""], ["1e9"], ["-5"], ["１００"], [str(TIME)] * 2, [str(TIME - 301)], [str(TIME + 301)]]
)
def test_a_timestamp_that_is_none_or_far_off_is_denied(timestamps: list[str]) -> None:
    assert isinstance(fresh(timestamps=timestamps, now_s=TIME, where="X"), Denied)


def test_a_timestamp_near_the_clock_is_returned() -> None:
    assert fresh(timestamps=[str(TIME - 300)], now_s=TIME, where="X") == str(TIME - 300)


@pytest.mark.parametrize("offered", [[], [""], [None], [5], [["a"]], ["a", "a"], ["b"], ["\ud800"], ["a "]])
def test_a_token_that_is_missing_of_another_kind_or_wrong_is_denied(offered: list[object]) -> None:
    found = token(offered=offered, keys=[b"a"], where="token")
    assert found is not None
    assert found.where == "token"


def test_a_token_fits_any_of_the_keys() -> None:
    assert token(offered=["a"], keys=[b"new", b"a"], where="token") is None


def test_signatures_are_compared_in_constant_time_and_all_of_them() -> None:
    """Nothing in the module compares bytes by ``==``, and the loop over keys has no way out before its end."""
    tree = ast.parse(inspect.getsource(verify))
    compare = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "_any_equal")
    assert not [n for n in ast.walk(compare) if isinstance(n, ast.Compare | ast.Break | ast.Continue | ast.If)]
    assert len([n for n in ast.walk(compare) if isinstance(n, ast.Return)]) == 1
    compared = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Compare) and any(isinstance(o, ast.Eq | ast.NotEq) for o in n.ops)
    ]
    assert all(isinstance(c.comparators[0], ast.Constant) for c in compared)  # only lengths


DAY = 86_400


@pytest.mark.parametrize("unit", [1, 1000])
def test_a_signed_time_of_a_platform_without_a_bound_may_be_a_day_off_and_not_more(unit: int) -> None:
    def at(seconds: int) -> Denied | None:
        return verify.stale(str(seconds * unit), now_s=TIME, where="time")

    assert [at(TIME + off) for off in (-DAY, -1, 0, 1, DAY)] == [None] * 5
    assert all(isinstance(at(TIME + off), Denied) for off in (-2 * DAY, -DAY - 1, DAY + 1, 2 * DAY))


def test_a_signed_time_is_in_milliseconds_from_the_first_moment_that_no_second_count_reaches() -> None:
    edge = verify._MS_FROM
    assert verify.stale(str(edge), now_s=edge // 1000, where="time") is None
    assert verify.stale(str(edge - 1), now_s=edge - 1, where="time") is None


def test_what_is_missing_is_told_from_what_comes_twice() -> None:
    for values, why in (((), "missing"), (("",), "missing"), ((ID, ID), "sent more than once")):
        found = check(ids=values)
        assert isinstance(found, Denied)
        assert found.why == why


def test_a_token_that_is_missing_is_told_from_one_that_is_no_text() -> None:
    for offered, why in (
        ([], "missing"),
        ([None], "missing"),
        ([""], "missing"),
        ([7], "must be one text"),
        (["a", "a"], "must be one text"),
    ):
        found = token(offered=offered, keys=[b"a"], where="x")
        assert isinstance(found, Denied)
        assert found.why == why


def test_a_bearer_token_may_come_as_an_argument_only_where_there_is_no_header() -> None:
    assert verify.bearer(headers=[], arguments=["a"], keys=[b"a"]) is None
    assert verify.bearer(headers=["Bearer a"], arguments=[], keys=[b"a"]) is None
    assert verify.bearer(headers=["Bearer a"], arguments=["wrong"], keys=[b"a"]) is None
    for headers, arguments, where in (
        ([], ["b"], "access_token"),
        (["Bearer b"], ["a"], "Authorization"),
        ([], [], "Authorization"),
    ):
        found = verify.bearer(headers=headers, arguments=arguments, keys=[b"a"])
        assert isinstance(found, Denied)
        assert found.where == where
