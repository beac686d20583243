"""Every page that is read: who may not open it is told so before anything else, also where a parameter is wrong."""

from collections.abc import Callable
from typing import Any, Final

from fastapi.routing import iter_route_contexts

from agents.web.app import make_app
from pipeline.access.principals import KINDS
from pipeline.access.roles import ROLES
from tests.agents.web.conftest import OWN, Running, who_of
from tests.support.gateway import Client

Open = Callable[[str | None], Client]
# The operation whose row of the roles table each page has.
OPERATIONS: Final = {
    "/cover": "check_cover",
    "/claims": "list_claims",
    "/claims/{claim}": "read_claim",
    "/report/{kind}": "report_accident",
    "/report/{kind}/{draft}/{step}": "report_accident",
    "/members": "import_members",
    "/members/template": "import_members",
    "/members/export.{kind}": "export_members",
    "/contributions": "import_contributions",
    "/contributions/template": "import_contributions",
    "/claim-sheet": "import_claims",
    "/claim-sheet/template": "import_claims",
    "/known": "import_known",
    "/known/matches": "list_known_matches",
    "/coverage": "read_coverage",
    "/coverage/table.{kind}": "read_coverage",
    "/calls": "list_calls",
    "/calls/list.{kind}": "list_calls",
    "/statistics": "read_statistics",
    "/statistics/{name}.{kind}": "read_statistics",
    "/protection": "list_protection",
    "/protection/members.{kind}": "list_protection",
    "/signals": "list_signals",
    "/ledger": "read_ledger",
    "/replay": "read_run",
    "/tasks": "list_work",
    "/tasks/{claim}": "read_case",
    "/tasks/{claim}/papers/{sha256}": "read_paper",
    "/claims/{claim}/letter": "explain_claim",
    "/claims/{claim}/letter.pdf": "explain_claim",
    "/claims/{claim}/known": "read_known",
    "/law": "read_law",
    "/law/compare": "compare_law",
    "/law/{name}": "read_parameter",
    "/state": "read_state",
    "/state/refused": "list_refused",
    "/state/refused/{topic}/{partition}/{offset}": "read_refused",
    "/access": "list_access",
    "/access/log": "read_access_log",
    "/access/shown": "list_access",
    "/find": "find",
    "/trail/{claim}": "read_trail",
    "/trail/{claim}/dossier": "read_dossier",
    "/cover/known": "read_member_known",
    "/person": "read_kept",
}
# For everybody: the door, one's own home, and what is shown to who has a link or a question of his own.
EVERYBODYS: Final = {"/sign-in", "/link/{token}", "/resume", "/", "/language", "/static/{name}", "/report"}
PARTS: Final = {
    "claim": OWN, "draft": "a" * 22, "step": "who", "sha256": "0" * 64, "topic": "claims.accidents", "partition": "0",
    "offset": "0",
}  # fmt: skip
DAYS: Final = ("day", "since", "until", "listed_on")  # parameters of files
KINDS_OF: Final = {"/report/{kind}": "accident", "/report/{kind}/{draft}/{step}": "accident"}


def pages(gateway: Running) -> dict[str, list[str]]:
    """The names of the parameters of each page that is read, of those that may be any text."""
    found: dict[str, list[str]] = {}
    for one in iter_route_contexts(make_app(gateway[0]).routes):
        route: Any = one.original_route
        if "GET" in (one.methods or ()) and "pages" in getattr(route, "tags", ()):
            fields = route.dependant.query_params
            found[str(one.path)] = [field.alias for field in fields if field.field_info.annotation is str]
    return found


def filled(path: str) -> str:
    kind = KINDS_OF.get(path, "html" if path.startswith("/statistics") else "csv")
    name = "report" if path.startswith("/statistics") else "funeral"
    return path.format(**PARTS, kind=kind, name=name)


def test_each_page_has_a_row_of_the_roles(gateway: Running) -> None:
    assert pages(gateway).keys() == OPERATIONS.keys() | EVERYBODYS
    assert ROLES.keys() >= set(OPERATIONS.values())


def test_who_may_not_open_a_page_learns_nothing_of_what_is_wrong_with_the_question(
    client: Open, gateway: Running
) -> None:
    otherwise = []
    for path, names in pages(gateway).items():
        for kind in KINDS if path in OPERATIONS else ():
            may = kind in ROLES[OPERATIONS[path]]
            wrong = "" if may else "?" + "&".join(f"{name}=0000-00-00" for name in names)
            found = client(f"{kind}:{who_of(kind)}").get(filled(path) + wrong)
            if (found.status == 403) == may or found.status >= 500:
                otherwise.append((kind, path, found.status))
    assert sorted({one[1:] for one in otherwise}) == []


def test_a_file_of_a_day_that_is_none_leads_to_its_page_which_says_so(client: Open, gateway: Running) -> None:
    files = {path: [one for one in names if one in DAYS] for path, names in pages(gateway).items() if "{kind}" in path}
    asked = [(path, name) for path, names in files.items() for name in names]
    assert len(asked) >= 5
    for path, name in asked:
        kind = next(one for one in KINDS if one in ROLES[OPERATIONS[path]])
        person = client(f"{kind}:{who_of(kind)}")
        found = person.get(f"{filled(path)}?{name}=kemarin")
        assert found.status == 303, path
        led = person.get(found.headers["location"])
        assert led.status == 422 and b'value="kemarin"' in led.raw, path
