"""Sealing, against wechatpy, which others wrote: it reads what ours seals, ours reads what it seals."""

import base64
import json
from typing import Any

import pytest
from Crypto.Cipher import AES
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from nacl.signing import SigningKey, VerifyKey
from wechatpy.crypto import _get_signature
from wechatpy.enterprise.crypto import PrpCrypto, WeChatCrypto

from producers.sources import envelope
from producers.sources.envelope import Unsealed
from producers.verify import Denied
from tests.support.sealing import AES_KEY, NONCE, SECRET, TOKEN, seal, sealed

KEY = base64.b64decode(AES_KEY + "=")
OTHER = f"another:{AES_KEY[::-1]}"


def keys(text: str = SECRET) -> list[bytes]:
    found = envelope.read_pairs(text)
    assert isinstance(found, list), found
    return found


def unseal(encrypted: object, query: dict[str, str], *, text: str = SECRET, receiver: str = "") -> Any:
    return envelope.unseal(MultiDict(query), encrypted, keys(text), signature=("msg_signature",), receiver=receiver)


def by_hand(plain: bytes) -> str:
    """Encrypt anything with the right key."""
    return base64.b64encode(AES.new(KEY, AES.MODE_CBC, KEY[:16]).encrypt(plain)).decode()


def padded(plain: bytes) -> bytes:
    count = 32 - len(plain) % 32
    return plain + bytes([count]) * count


@given(st.text(), st.text(max_size=40))
def test_what_wechatpy_seals_is_opened(text: str, receiver: str) -> None:
    given_ = seal(text, receiver, 1_700_000_000)
    found = unseal(*given_)
    assert isinstance(found, Unsealed)
    assert (found.message.decode(), found.receiver) == (text, receiver)


@given(st.text(), st.text(max_size=40), st.integers(0, 10**13))
def test_what_is_sealed_here_wechatpy_opens(text: str, receiver: str, at: int) -> None:
    pair = envelope.pair_of(keys()[0])
    made = envelope.seal(text.encode(), receiver=receiver, pair=pair, timestamp=str(at), nonce=NONCE)
    crypto = WeChatCrypto(TOKEN, AES_KEY, receiver)
    assert crypto.decrypt_message({"Encrypt": made.encrypted}, made.signature, made.timestamp, made.nonce) == text


def test_two_answers_differ_although_nothing_is_random() -> None:
    pair = envelope.pair_of(keys()[0])
    made = {
        envelope.seal(b"success", receiver="r", pair=pair, timestamp=at, nonce=nonce).encrypted
        for at in ("1", "2")
        for nonce in ("a", "b")
    }
    assert len(made) == 4
    assert len({text[:22] for text in made}) == 4  # from the first block on


def test_every_secret_is_tried_and_the_one_that_fits_answers() -> None:
    found = unseal(*seal("x", "r", 1), text=f"{OTHER},{SECRET}")
    assert isinstance(found, Unsealed)
    assert found.pair.token == TOKEN


def test_the_token_alone_does_not_do() -> None:
    found = unseal(*seal("x", "r", 1), text=f"{TOKEN}:{AES_KEY[::-1]}")
    assert found == Denied("secret", "its token fits, its EncodingAESKey does not")
    both = unseal(*seal("x", "r", 1), text=f"{TOKEN}:{AES_KEY[::-1]},{SECRET}")
    assert isinstance(both, Unsealed)


def test_it_has_to_be_for_whom_it_is_configured() -> None:
    found = unseal(*seal("x", "corp", 1), receiver="corp2")
    assert isinstance(found, Denied)
    assert found.where == "account"
    assert isinstance(unseal(*seal("x", "corp", 1), receiver="corp"), Unsealed)


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_each_argument_is_there_once(name: str) -> None:
    encrypted, query = seal("x", "r", 1)
    pairs = MultiDict(query)
    del pairs[name]
    assert envelope.unseal(pairs, encrypted, keys(), signature=("msg_signature",)) == Denied(name, "missing")
    pairs.extend([(name, query[name]), (name, query[name])])
    assert envelope.unseal(pairs, encrypted, keys(), signature=("msg_signature",)) == Denied(
        name, "sent more than once"
    )


def test_one_of_two_names_of_the_signature() -> None:
    encrypted, query = seal("x", "r", 1, name="signature")
    names = ("signature", "msg_signature")
    assert isinstance(envelope.unseal(MultiDict(query), encrypted, keys(), signature=names), Unsealed)
    both = MultiDict(query | {"msg_signature": query["signature"]})
    assert isinstance(envelope.unseal(both, encrypted, keys(), signature=names), Denied)


@pytest.mark.parametrize(
    ("timestamp", "nonce"),
    [("17000000x", NONCE), ("", NONCE), ("1" * 17, NONCE), ("1", "a b"), ("1", "\x80\x00"), ("1", "é")],
)
def test_nothing_separates_what_is_signed_so_each_part_has_its_form(timestamp: str, nonce: str) -> None:
    encrypted = seal("x", "r", 1).encrypted
    query = {
        "msg_signature": _get_signature(TOKEN, timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    found = unseal(encrypted, query)
    assert isinstance(found, Denied)
    assert found.where in ("timestamp", "nonce")


@pytest.mark.parametrize(
    "encrypted",
    [
        "",
        "not base64!",
        base64.b64encode(b"15 bytes, or so").decode(),
        by_hand(b"\x00" * 32),
        by_hand(b"\x21" * 32),  # longer than the padding may be
        by_hand(b"a" * 31 + b"\x02"),
        by_hand(padded(b"too short for a head")[:-1] + b"\x00"),
        by_hand(padded(b"0123456789")),
        by_hand(padded(b"0123456789abcdef" + (100).to_bytes(4, "big") + b"short")),
        by_hand(padded(b"0123456789abcdef" + b"\xff\xff\xff\xff" + b"short")),
    ],
)
def test_what_is_signed_and_no_sealed_message_is_denied(encrypted: str) -> None:
    assert isinstance(unseal(encrypted, sealed(encrypted, 1).query), Denied)


@pytest.mark.parametrize("encrypted", [None, 7, [], {}, "\ud800"])
def test_nonsense_instead_of_it_is_denied(encrypted: object) -> None:
    assert isinstance(unseal(encrypted, seal("x", "r", 1).query), Denied)


@given(st.text(), st.dictionaries(st.sampled_from(["msg_signature", "timestamp", "nonce"]), st.text()))
def test_nothing_raises(encrypted: str, query: dict[str, str]) -> None:
    assert isinstance(unseal(encrypted, query), Denied)


@given(st.binary(max_size=200), st.booleans())
def test_decrypting_anything_gives_bytes_or_nothing(data: bytes, with_initial: bool) -> None:
    initial = b"0" * 16 if with_initial else None
    found = envelope.decrypt(base64.b64encode(data).decode(), key=KEY, initial=initial)
    assert found is None or len(found) < len(data)


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("", "secret 1", "TOKEN:ENCODINGAESKEY"),
        (TOKEN, "secret 1", "TOKEN:ENCODINGAESKEY"),
        (f":{AES_KEY}", "secret 1", "token"),
        (f"{TOKEN}:{AES_KEY[:-1]}", "secret 1", "43"),
        (f"{TOKEN}:{AES_KEY}=", "secret 1", "43"),
        (f"{TOKEN}:{'!' * 43}", "secret 1", "43"),
        (f"{SECRET},{TOKEN}", "secret 2", "TOKEN:ENCODINGAESKEY"),
        (f"{SECRET},", "secret 2", "TOKEN:ENCODINGAESKEY"),
    ],
)
def test_a_secret_of_another_form_is_refused_at_start_with_what_is_wanted(text: str, where: str, says: str) -> None:
    found = envelope.read_pairs(text)
    assert isinstance(found, Denied)
    assert found.where == where
    assert says in found.why
    assert AES_KEY not in found.why


def test_blanks_around_secrets_do_no_harm() -> None:
    assert envelope.pair_of(keys(f" {SECRET} , {OTHER}")[0]) == (TOKEN, KEY)


def test_wechatpy_and_we_agree_on_what_an_aes_key_is() -> None:
    assert PrpCrypto(KEY).decrypt(seal(json.dumps({"a": 1}), "r", 1).encrypted, "r") == '{"a": 1}'


# Ed25519, against PyNaCl.


@given(st.binary(min_size=32, max_size=32), st.binary())
def test_signatures_are_those_of_pynacl(seed: bytes, message: bytes) -> None:
    signature = envelope.ed25519_sign(seed, message)
    assert signature == SigningKey(seed).sign(message).signature.hex()
    assert envelope.ed25519_fits(seed, signature, message)
    VerifyKey(bytes(SigningKey(seed).verify_key)).verify(message, bytes.fromhex(signature))


def test_a_signature_has_one_form() -> None:
    seed, message = b"0" * 32, b"hello"
    signature = envelope.ed25519_sign(seed, message)
    order = 2**252 + 27742317777372353535851937790883648493
    shifted = int.from_bytes(bytes.fromhex(signature)[32:], "little") + order
    twisted = signature[:64] + shifted.to_bytes(32, "little").hex()
    for other in (
        "",
        signature[:-1],
        signature + "0",
        signature.upper(),
        f"0x{signature[2:]}",
        twisted,
        "z" * 128,
        "é",
    ):
        assert not envelope.ed25519_fits(seed, other, message)
