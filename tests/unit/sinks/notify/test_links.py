"""Links lead to where the desk has it."""

from typing import get_args

from dashboards.desk.work import LIST_OF
from huoqun.results import AlertKind
from sinks.notify import links


def test_a_link_leads_to_the_list_on_which_the_desk_has_the_alert() -> None:
    for kind in get_args(AlertKind):
        assert links.of_alert("https://d", kind) == f"https://d/#/{LIST_OF.get(kind, 'protect')}"


def test_a_groups_page_is_found_whatever_its_id_is() -> None:
    assert links.of_group("https://d", "matrix", "!a/b:c") == "https://d/#/board/community/matrix/%21a%2Fb%3Ac"


def test_without_a_desk_there_are_no_links() -> None:
    assert links.of_alert("", "flood") == links.of_group("", "qq", "1") == ""
