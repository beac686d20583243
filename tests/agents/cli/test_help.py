"""Help, exit codes and plain output: what holds for all commands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import WIDTH, santunan

COMMANDS = (
    "demo",
    "run",
    "worker",
    "submit",
    "decisions",
    "referrals",
    "login",
    "logout",
    "review",
    "explain",
    "assess",
    "replay",
    "dead-letters",
    "schemas",
    "doctor",
    "backup",
    "restore",
    "rules",
    "services",
    "topics",
    "migrate",
    "tick",
    "cover",
    "bench",
    "access",
    "gateway",
    "conformance",
    "webhooks",
)
SUBCOMMANDS = (
    "access add",
    "access list",
    "access disable",
    "access key",
    "access revoke",
    "access password",
    "access totp",
    "access link",
    "access sessions",
    "access end",
    "access log",
    "access webhooks",
    "dead-letters list",
    "dead-letters show",
    "dead-letters retry",
    "rules check",
    "rules show",
    "rules diff",
    "rules impact",
    "services up",
    "services down",
    "services status",
    "topics create",
    "topics check",
)


@pytest.mark.parametrize("command", ["", *COMMANDS, *SUBCOMMANDS])
def test_each_help_fits_eighty_columns(command: str) -> None:
    ran = santunan(*command.split(), "--help")
    assert ran.status == 0
    assert [line for line in ran.out.splitlines() if len(line) > WIDTH] == []


@pytest.mark.parametrize(
    "command",
    [
        one
        for one in (*COMMANDS, *SUBCOMMANDS)
        if one
        not in (
            "access",
            "dead-letters",
            "rules",
            "services",
            "topics",
        )
    ],
)
def test_each_help_shows_an_example(command: str) -> None:
    ran = santunan(*command.split(), "--help")
    assert re.search(r"Examples?:\n +(.*)santunan ", ran.out), ran.out


def test_the_first_help_names_every_command_and_every_exit_code() -> None:
    said = santunan("--help").out
    assert [name for name in COMMANDS if not re.search(rf"^  {name} ", said, re.MULTILINE)] == []
    assert [code for code in ("0", "1", "2", "70", "75", "78", "130") if f"\n    {code} " not in said] == []


@pytest.mark.parametrize("command", ["", "access", "dead-letters", "rules", "services", "topics"])
def test_no_short_help_is_cut_off(command: str) -> None:
    assert "..." not in santunan(*command.split(), "--help").out.split("\n", 1)[1]


def test_help_imports_nothing_heavy() -> None:
    heavy = ("faust", "kafka", "sqlalchemy", "pydantic", "rich", "yaml", "orjson", "pipeline.claims.desk")
    code = (
        "import sys; sys.argv = ['santunan', '--help']\n"
        "from agents.cli import main\n"
        "try: main()\n"
        f"finally: print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert done.stderr.strip() == "[]"


def test_it_prints_its_version() -> None:
    assert re.fullmatch(r"santunan \d+\.\d+\.\d+\n", santunan("--version").out)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_a_pipe_gets_no_colours(environment: dict[str, str]) -> None:
    assert "\x1b" not in santunan("schemas", **environment).out


def test_the_table_of_schemas_breaks_no_name() -> None:
    said = santunan("schemas").out
    assert "santunan.member.contribution-paid.v1" in said
    assert max(len(one.rstrip()) for one in said.splitlines()) <= WIDTH


def test_json_is_one_document_a_line(tmp_path: Path) -> None:
    assert all("type" in row for row in santunan("schemas", "--json").rows)
    assert santunan("schemas", "--json", "--write", "new", cwd=tmp_path).rows[0]["directory"] == "new"
    assert santunan("schemas", "--json", "--asyncapi", "new.json", cwd=tmp_path).rows[0]["file"] == "new.json"
    assert "claims.decisions" in (tmp_path / "new.json").read_text()
