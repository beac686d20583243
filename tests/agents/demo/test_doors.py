"""Doors of the demo: a link for one use for each kind of person that has pages, and no two for one person."""

import datetime as dt
from pathlib import Path

import pytest

from agents.demo.doors import ROLES, links
from agents.web.pages.frame import MENU
from pipeline.access.principals import new_principal
from pipeline.access.roles import ROLES as TABLE


def test_every_page_of_the_menu_is_open_to_some_role_of_the_demo() -> None:
    kinds = {one.partition(":")[0] for one in ROLES}
    assert {"operator", "auditor", "officer", "clinic", "cooperative", "desk"} <= kinds
    assert [entry.path for entry in MENU if not kinds & TABLE[entry.operation].keys()] == []
    people = [new_principal(*one.split(":")).person for one in ROLES]
    named = [one for one in people if one is not None]
    assert len(set(named)) == len(named), "nobody holds two roles"


def test_each_role_gets_a_link_of_its_own_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    now = dt.datetime.now(dt.UTC)
    first, again = links(now), links(now)
    assert list(first) == list(again) == list(ROLES)
    assert len({*first.values(), *again.values()}) == 2 * len(ROLES)
