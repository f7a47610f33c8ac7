"""What holds for every format: found out from its content, read the same each time, nothing raises whatever is in the file."""

import random
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huoqun.cli.import_history import FORMATS as OFFERED
from huoqun.events import MAX_TEXT_BYTES
from producers.history import FORMATS
from producers.history.base import Found, Left, Wrong
from producers.history.reading import read_path
from tests.support.exports import AT, EXPORTS
from tests.support.history_kit import NOW, read

every = pytest.mark.parametrize("kind", sorted(EXPORTS))


def test_every_format_is_offered_and_has_a_specimen() -> None:
    assert set(OFFERED) == set(FORMATS) == set(EXPORTS)


@every
def test_it_is_found_out_from_its_content_and_read_the_same_each_time(tmp_path: Path, kind: str) -> None:
    path = EXPORTS[kind](tmp_path)
    first, again = read(path), read(path)
    assert list(first.tally.formats) == [kind]
    assert first.wrong == []
    assert (first.events, first.digest) == (again.events, again.digest)
    assert first.events == read(path, forced=kind).events


@every
def test_ids_are_unique_and_events_are_in_the_order_of_time(tmp_path: Path, kind: str) -> None:
    found = read(EXPORTS[kind](tmp_path))
    assert len({(e["platform"], e["group_id"], e["id"]) for e in found.events}) == len(found.events) > 3
    times = [e["ts"] for e in found.events]
    assert times == sorted(times)
    assert all(abs(ts - AT * 1000) < 2 * 86_400_000 for ts in times)
    assert found.of("join")
    assert len(found.of("message")) >= 2
    assert "secret" not in str(found.events)
    assert "秘密" not in str(found.events)


@every
def test_answers_stay_behind_what_they_answer(tmp_path: Path, kind: str) -> None:
    found = read(EXPORTS[kind](tmp_path))
    ids = [e["id"] for e in found.events]
    for number, event in enumerate(found.events):
        if "reply_to" in event and event["reply_to"] in ids:
            assert ids.index(event["reply_to"]) < number


def mutated(data: bytes, random_: random.Random) -> bytes:
    """Return the data with something wrong in it."""
    kind = random_.randrange(5)
    if kind == 0:
        return data[: random_.randrange(len(data) + 1)]
    at = random_.randrange(len(data))
    if kind == 1:
        return data[:at] + random_.randbytes(random_.randrange(1, 9)) + data[at + random_.randrange(9) :]
    if kind == 2:
        end = at + random_.randrange(1, 200)
        return data[:at] + data[end:]
    if kind == 3:
        return data[:at] + data[at : at + 100] * random_.randrange(2, 5) + data[at + 100 :]
    words = (b"null", b"[]", b"{}", b'""', b"-1", b"1e999", b"true", b'"\\ud800"', b"99999999999999999999999")
    parts = data.split(b": ")
    if len(parts) < 2:
        return data[:at] + b"\x00\xff" + data[at:]
    place = random_.randrange(1, len(parts))
    tail = parts[place].lstrip(b'"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_')
    parts[place] = random_.choice(words) + tail
    return b": ".join(parts)


def unpacked(kind: str, directory: Path) -> list[Path]:
    """Return the files of an export as files, so that what is changed is what is read and not its checksum."""
    path = EXPORTS[kind](directory)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(directory / "out")
        path.unlink()
    elif path.name.endswith(".gz"):
        with tarfile.open(path) as archive:
            archive.extractall(directory / "out", filter="data")
        path.unlink()
    return sorted(p for p in directory.rglob("*") if p.is_file())


@every
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(seed=st.integers(0, 2**32))
def test_nothing_raises_whatever_is_in_the_file(tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int) -> None:
    random_ = random.Random(seed)
    directory = tmp_path_factory.mktemp("mutated")
    files = unpacked(kind, directory)
    for _ in range(random_.randrange(1, 4)):
        victim = random_.choice(files)
        victim.write_bytes(mutated(victim.read_bytes() or b"x", random_))
    forced = random_.choice([None, kind])
    for item in read_path(directory, forced=forced, groups=(), zone=None, now=NOW, begun=lambda _kind, _files: None):
        assert isinstance(item, Found | Left | Wrong)
    read(directory, forced=forced)


@every
@given(data=st.binary(max_size=300))
def test_a_format_that_is_forced_on_anything_raises_nothing(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("anything") / "file.json"
    path.write_bytes(data)
    read(path, forced=kind)


def test_a_time_that_lies_ahead_is_named_and_long_texts_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "#balcony.log"
    path.write_text(
        f"--- Day changed 2096-01-02\n[23:58] <ann> hi\n--- Day changed 2024-01-02\n[23:58] <ann> {'x' * 70_000}\n"
    )
    found = read(path)
    assert [w.why.partition(";")[0] for w in found.wrong] == ["ts: more than an hour ahead of this server's clock"]
    (event,) = found.events
    assert len(event["text"]) == MAX_TEXT_BYTES
    assert event["extra"]["text_cut"] is True


def test_what_is_older_than_what_is_known_is_counted(tmp_path: Path) -> None:
    path = EXPORTS["irc"](tmp_path)
    newest = read(path).events[-1]["ts"]
    assert read(path, newest={"irc/#balcony": newest}).tally.groups["irc/#balcony"].late == 4, "two minutes are allowed"
    assert read(path, newest={"irc/#other": newest}).tally.groups["irc/#balcony"].late == 0
