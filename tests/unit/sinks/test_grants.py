"""The SQL of the store's three users."""

import hashlib

import pytest
from click.testing import CliRunner

from huoqun.cli import main
from sinks.grants import ROLES, GrantError, statements

WORDS = {role.name: f"a password of the {role.name}" for role in ROLES}


def test_each_user_is_made_brought_up_to_date_stripped_and_given_what_it_needs() -> None:
    found = statements("results", WORDS)
    for role, user in zip(ROLES, ("results", "results_writer", "results_reader"), strict=True):
        mine = [sql for sql in found if f"`{user}`" in sql and not sql.startswith("GRANT")]
        assert [sql.split()[0] for sql in mine] == ["CREATE", "ALTER", "REVOKE"]
        granted = [sql for sql in found if sql.endswith(f" TO `{user}`")]
        assert granted == [f"GRANT {grant} TO `{user}`" for grant in role.grants("results")]
    assert not [sql for sql in found if " ON *.* TO " in sql or "ALL" in sql.replace("REVOKE ALL", "")]


def test_only_hashes_of_the_passwords_are_in_it() -> None:
    text = "\n".join(statements("huoqun", WORDS))
    for word in WORDS.values():
        assert word not in text
        assert hashlib.sha256(word.encode()).hexdigest() in text


@pytest.mark.parametrize(
    ("database", "changed", "why"),
    [
        ("a`b", {}, "store.database"),
        ("huoqun", {"owner": "short"}, "HUOQUN_CLICKHOUSE_OWNER_PASSWORD"),
        ("huoqun", {"owner": WORDS["reader"]}, "the same"),
    ],
)
def test_what_would_protect_nothing_is_refused_without_being_shown(
    database: str, changed: dict[str, str], why: str
) -> None:
    with pytest.raises(GrantError, match=why) as caught:
        statements(database, WORDS | changed)
    assert not [word for word in {**WORDS, **changed}.values() if word in str(caught.value)]


def test_the_command_prints_it_and_names_what_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ROLES[1:]:
        monkeypatch.setenv(role.variable, WORDS[role.name])
    told = CliRunner().invoke(main, ["grants"])
    assert (told.exit_code, "HUOQUN_CLICKHOUSE_OWNER_PASSWORD" in told.output) == (2, True)
    monkeypatch.setenv(ROLES[0].variable, WORDS["owner"])
    told = CliRunner().invoke(main, ["grants"])
    assert told.exit_code == 0
    assert told.output.splitlines() == [f"{sql};" for sql in statements("huoqun", WORDS)]
