"""The three users of a ClickHouse server may do what they need and nothing else: asked of the real engine, one process a user.

The engine is the embedded one with a configuration of its own: its only user is given one role's privileges and settings.
"""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from sinks import grants, migrate, scratch
from sinks.grants import OWNER, READER, ROLES, WRITER, Role, statements
from tests.support.service_process import ROOT

pytestmark = pytest.mark.chdb

DATABASE = "huoqun"
CODES = {497: "no privilege", 164: "read-only", 452: "a setting out of bounds", 396: "too many rows", 62: "syntax"}
ASK = """
import json, re, sys
from chdb import session
engine = session.Session(sys.argv[1])
for sql in json.load(sys.stdin):
    try:
        said = [engine.query(sql, "CSV").bytes().decode(), 0]
    except RuntimeError as error:
        said = [str(error)[:300], int(re.search(r"Code: (\\d+)", str(error))[1])]
    print(json.dumps(said), flush=True)
"""


def configured(directory: Path, role: Role) -> Path:
    """Write a configuration whose only user is somebody of that role."""
    users = ET.Element("clickhouse")
    profile = ET.SubElement(ET.SubElement(users, "profiles"), "default")
    for setting in filter(None, role.settings.split(", ")):
        name, _, value = setting.partition(" = ")
        value, _, _ = value.partition(" MAX ")
        ET.SubElement(profile, name).text = value.strip("'")
    user = ET.SubElement(ET.SubElement(users, "users"), "default")
    for name, text in (("password", ""), ("profile", "default"), ("quota", "default")):
        ET.SubElement(user, name).text = text
    ET.SubElement(ET.SubElement(user, "networks"), "ip").text = "::/0"
    granted = ET.SubElement(user, "grants")
    for grant in role.grants(DATABASE):
        ET.SubElement(granted, "query").text = f"GRANT {grant}"
    ET.SubElement(ET.SubElement(users, "quotas"), "default")
    file = directory / f"{role.name}.users.xml"
    ET.ElementTree(users).write(file)
    server = directory / f"{role.name}.xml"
    places = f"<user_directories><users_xml><path>{file}</path></users_xml></user_directories>"
    server.write_text(f"<clickhouse>{places}</clickhouse>")
    return server


def asked(directory: Path, role: Role, questions: Sequence[str]) -> list[tuple[str, int]]:
    """Return what the engine says to each, and its code (0: done)."""
    place = f"{directory}/store?config-file={configured(directory, role)}"
    done = subprocess.run(
        [sys.executable, "-c", ASK, place], input=json.dumps(questions), capture_output=True, text=True, cwd=ROOT, timeout=120, check=True
    )  # fmt: skip
    return [(str(text), int(code)) for text, code in map(json.loads, done.stdout.splitlines())]


ROW = "INSERT INTO huoqun.events_rows (platform, group_id, id, type, ts, user_id, text) VALUES ('qq', 'g', 'e1', 'message', 1, 'u', 't')"
ERASE = "ALTER TABLE huoqun.events_rows DELETE WHERE user_id = 'u'"
SCHEMA = [
    "CREATE TABLE huoqun.more (a Int8) ENGINE = MergeTree ORDER BY a",
    "CREATE OR REPLACE VIEW huoqun.events AS SELECT 1",
    "ALTER TABLE huoqun.events_rows ADD COLUMN more Int8",
    ERASE,
    "ALTER TABLE huoqun.events_rows DROP PARTITION tuple()",
    "TRUNCATE TABLE huoqun.events_rows",
    "DROP VIEW huoqun.events",
    "DROP TABLE huoqun.events_rows",
    "DROP DATABASE huoqun",
]
OUTSIDE = [
    "SELECT * FROM url('http://127.0.0.1:9/', 'LineAsString', 'a String')",
    "SELECT * FROM file('/etc/passwd', 'LineAsString', 'a String')",
    "SELECT * FROM remote('127.0.0.1:9', system.one)",
    "SELECT * FROM s3('http://127.0.0.1:9/bucket/key', 'CSV', 'a String')",
    "CREATE USER somebody",
    "GRANT ALL ON *.* TO default",
    "SYSTEM SHUTDOWN",
    "CREATE FUNCTION f AS x -> x",
    "CREATE TABLE default.more (a Int8) ENGINE = MergeTree ORDER BY a",
]
DEFENCES = {497, 164, 514}
"""No privilege; read-only; nowhere to put a user."""


def not_kept_from(questions: Sequence[str], said: Sequence[tuple[str, int]]) -> list[tuple[str, str]]:
    return [(sql, text) for sql, (text, code) in zip(questions, said, strict=True) if code not in DEFENCES]


def test_each_does_its_work_and_is_kept_from_everything_else(tmp_path: Path) -> None:
    """About 25 seconds: the engine starts seven times."""
    steps = [s for step in migrate.shipped() for s in step.statements(DATABASE)]
    made = asked(tmp_path, OWNER, [f"CREATE DATABASE IF NOT EXISTS {DATABASE}", *steps, ROW])
    assert [said for said in made if said[1]] == [], "the owner makes the schema"
    beside = scratch.name_of(DATABASE)
    again = [s for step in migrate.shipped() for s in step.statements(beside)]
    exchange = ["REPLACE PARTITION ID '{}' FROM `huoqun_rebuild`.events_rows", "DROP PARTITION ID '{}'"]
    parts = (
        "SELECT DISTINCT partition_id FROM system.parts WHERE active AND database = 'huoqun' AND table = 'events_rows'"
    )
    (part,) = asked(tmp_path, OWNER, [parts])[0][0].split()
    made = asked(
        tmp_path,
        OWNER,
        [
            f"CREATE DATABASE IF NOT EXISTS {beside}", *again, ROW.replace("huoqun.", f"{beside}."),
            *(f"ALTER TABLE huoqun.events_rows {change.format(part.strip(chr(34)))}" for change in exchange), f"DROP DATABASE {beside}",
        ],
    )  # fmt: skip
    assert [said for said in made if said[1]] == [], "and rebuilds it"
    erasing = [
        "ALTER TABLE huoqun.members_rows DELETE WHERE user_id = 'u'", "ALTER TABLE huoqun.events_rows UPDATE text = '' WHERE user_id = 'u'",
        "SELECT count() FROM system.mutations WHERE database = 'huoqun'", "SELECT name FROM system.columns WHERE database = 'huoqun'",
    ]  # fmt: skip
    assert [said for said in asked(tmp_path, OWNER, erasing) if said[1]] == [], "and erases in it"
    views = [
        name
        for (name,) in (line.split() for line in asked(tmp_path, OWNER, [NAMES])[0][0].replace('"', "").splitlines())
    ]
    assert len(views) >= 20
    looks = [f"SELECT * FROM huoqun.{name} LIMIT 1" for name in views]

    erasing = [ERASE, "TRUNCATE TABLE huoqun.erasing_rows", "SELECT count() FROM system.mutations"]
    # Who may delete rows may drop a partition: to the engine it is one right. Without it nobody could be erased.
    forbidden = [sql for sql in SCHEMA if sql != ERASE and "DROP PARTITION" not in sql]
    does = [ROW, *looks, *erasing]
    written = asked(tmp_path, WRITER, [*does, *forbidden, *OUTSIDE])
    assert [said for said in written[: len(does)] if said[1]] == []
    assert not_kept_from([*forbidden, *OUTSIDE], written[len(does) :]) == []

    limits = [
        "SELECT number FROM numbers(1000001)", "SELECT 1 SETTINGS max_result_rows = 0", "SELECT 1 SETTINGS readonly = 0",
        "SET max_memory_usage = 0", "SELECT 1 SETTINGS max_execution_time = 100000",
    ]  # fmt: skip
    read = asked(tmp_path, READER, [*looks, "SELECT number FROM numbers(1000000)", ROW, *SCHEMA, *OUTSIDE, *limits])
    assert [said for said in read[: len(looks) + 1] if said[1]] == []
    refused = read[len(looks) + 1 : -len(limits)]
    assert not_kept_from([ROW, *SCHEMA, *OUTSIDE], refused) == []
    assert [code for _, code in read[-len(limits) :]] == [396, 164, 164, 164, 164]


NAMES = (
    "SELECT name FROM system.tables WHERE database = 'huoqun' AND engine LIKE '%View' AND engine NOT LIKE 'Material%'"
)


def test_the_sql_of_the_users_is_understood_by_the_engine(tmp_path: Path) -> None:
    made = statements(DATABASE, {role.name: f"a password of the {role.name}" for role in ROLES})
    said = asked(
        tmp_path, OWNER, [f"SELECT formatQuerySingleLine({grants.literal(sql)})" for sql in [*made, "CREATE USSER x"]]
    )
    assert [text for text, code in said[:-1] if code] == []
    assert said[-1][1] == 62
