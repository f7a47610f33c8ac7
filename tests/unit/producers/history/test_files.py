"""Where exports lie: told apart by content, read in place, bombs and odd names kept out."""

import gzip
import os
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from producers.history.files import DamagedError, Directory, OneFile, Tar, Zip, in_order, open_path
from tests.support.exports import irc, slack, telegram_chat, zulip
from tests.support.history_kit import read


def test_what_lies_there_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    assert isinstance(open_path(slack(tmp_path)), Zip)
    assert isinstance(open_path(zulip(tmp_path)), Tar)
    assert isinstance(open_path(telegram_chat(tmp_path)), OneFile)
    assert isinstance(open_path(tmp_path), Directory)
    renamed = tmp_path / "export.bin"
    renamed.write_bytes((tmp_path / "slack.zip").read_bytes())
    assert isinstance(open_path(renamed), Zip)


def test_a_packed_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = telegram_chat(tmp_path)
    plain = read(path)
    packed = tmp_path / "result.json.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read(packed).events == plain.events


def bomb(path: Path, member: str, size: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(member, b'{"name": "B", "type": "private_group", "id": 7, "messages": [' + b" " * size)
    return path


def test_a_zip_bomb_is_noticed_while_it_unpacks(tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.zip", "result.json", 200_000_000)
    assert path.stat().st_size < 300_000
    found = read(path)
    assert found.events == []
    assert [w.why for w in found.wrong] == ["unpacks to more than 300 times its size: this is no chat"]


def test_a_gzip_bomb_is_noticed_too(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(
        gzip.compress(b'{"name": "B", "type": "private_group", "id": 7, "messages": [' + b" " * 95_000_000)
    )
    assert [w.why for w in read(path).wrong] == ["unpacks to more than 300 times its size: this is no chat"]


def test_a_tar_that_promises_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tar.gz"
    entry = tarfile.TarInfo("realm.json")
    entry.size = 200_000_000
    with tarfile.open(path, "w:gz", compresslevel=9) as out:
        out.addfile(entry, BytesIO(bytes(entry.size)))
    with pytest.raises(DamagedError, match="300 times its size"):
        Tar(path)


@pytest.mark.parametrize("name", ["../outside.json", "/etc/result.json", "a/../../b.json", "..\\b.json", "C:/b.json"])
def test_names_that_lead_out_of_an_archive_are_passed_over(tmp_path: Path, name: str) -> None:
    inside = telegram_chat(tmp_path).read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr(zipfile.ZipInfo(name), inside)
        out.writestr("inside.json", inside)
    with tarfile.open(tmp_path / "a.tar", "w") as packed:
        for each in (name, "inside.json"):
            entry = tarfile.TarInfo(each)
            entry.size = len(inside)
            packed.addfile(entry, BytesIO(inside))
    assert open_path(tmp_path / "a.zip").names == ["inside.json"]
    assert open_path(tmp_path / "a.tar").names == ("inside.json",)


def test_links_are_not_followed(tmp_path: Path) -> None:
    telegram_chat(tmp_path)
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "linked.json").symlink_to(tmp_path / "result.json")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "own.json").write_text("{}")
    assert open_path(folder).names == ["own.json"]
    with tarfile.open(tmp_path / "a.tar", "w") as packed:
        entry = tarfile.TarInfo("linked.json")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packed.addfile(entry)
    assert open_path(tmp_path / "a.tar").names == ()


def test_an_encrypted_zip_says_so(tmp_path: Path) -> None:
    path = slack(tmp_path)
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag that says it, in both heads
        at = data.find(magic)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(magic, at + 1)
    path.write_bytes(data)
    found = read(path)
    assert found.events == []
    assert "encrypted" in found.wrong[0].why


@pytest.mark.parametrize("cut", [10, 500, -200, -30])
def test_a_damaged_archive_is_named(tmp_path: Path, cut: int) -> None:
    for path in (slack(tmp_path), zulip(tmp_path)):
        path.write_bytes(path.read_bytes()[:cut])
        found = read(path)
        assert found.wrong, path
        assert all(str(path) in w.place.file for w in found.wrong)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = telegram_chat(tmp_path)
    path.chmod(0)
    assert "ermission" in read(path).wrong[0].why


def test_chinese_names_in_zips_of_old_packers_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("XXXX.txt", "2024-01-02 18:00:00 阿禾\n早\n")
    path.write_bytes(path.read_bytes().replace(b"XXXX.txt", "番茄.txt".encode("gb18030")))
    assert {e["group_id"] for e in read(path).events} == {"番茄"}


def test_part_2_comes_before_part_10() -> None:
    assert sorted(["p10.json", "p2.json", "p.json"], key=in_order) == ["p2.json", "p10.json", "p.json"]


def test_other_files_in_a_directory_are_counted_and_several_formats_are_read(tmp_path: Path) -> None:
    telegram_chat(tmp_path)
    irc(tmp_path)
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / "notes.txt").write_text("milk\nbread\n")
    (tmp_path / "package.json").write_text('{"name": "x", "version": "1"}')
    found = read(tmp_path)
    assert {e["platform"] for e in found.events} == {"telegram", "irc"}
    assert dict(found.tally.formats) == {"telegram": 1, "irc": 2}
    assert found.tally.left["file that is no chat history"] == 3


def test_a_format_that_is_forced_is_taken_at_its_word(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("--- Day changed 2024-01-02\nnothing to see\n[23:58] <ann> hi\nnothing\nnothing\n")
    assert read(path).events == []
    assert read(path, forced="irc").only("hi")["group_id"] == "log"
    assert "not JSON" in read(path, forced="telegram").wrong[0].why


def test_an_empty_file_and_an_empty_directory_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.json").write_text("")
    for path in (tmp_path / "empty", tmp_path / "a.json"):
        found = read(path)
        assert (found.events, found.wrong) == ([], [])
