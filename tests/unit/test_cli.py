"""The command line as people meet it: help, exit codes, words instead of tracebacks, files of events."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agents.portfolio import portfolio

WIDTH = 80
COMMANDS = (
    "demo", "run", "worker", "submit", "decisions", "referrals", "review", "explain", "assess", "replay",
    "dead-letters", "schemas", "doctor", "rules", "services", "topics", "migrate", "tick", "cover", "bench",
)  # fmt: skip
SUBCOMMANDS = (
    "dead-letters list", "dead-letters show", "dead-letters retry", "rules check", "rules show", "rules diff",
    "rules impact", "services up", "services down", "services status", "topics create", "topics check",
)  # fmt: skip


class Ran:
    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def santunan(*arguments: str, cwd: Path | None = None, given: str | None = None, **environment: str) -> Ran:
    """The program in a process of its own, as its users start it; 80 columns, no settings of this machine."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SANTUNAN_")}
    return Ran(subprocess.run(  # noqa: S603
        [sys.executable, "-c", "from agents.cli import main; main()", *arguments],
        cwd=cwd, input=given, capture_output=True, text=True, timeout=120, check=False,
        env={**own, "COLUMNS": str(WIDTH), "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
    ))  # fmt: skip


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portfolio without what cannot be read."""
    from pipeline.errors import Poison
    from pipeline.offline import Offline
    from pipeline.rules.book import Book

    offline, lines = Offline(Book.load()), []
    for line in portfolio():
        try:
            offline.take(line)
        except Poison:
            continue
        lines.append(line)
    file = tmp_path_factory.mktemp("events") / "events.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


def accident(**changes: Any) -> str:
    document = {
        "specversion": "1.0", "id": "1", "source": "urn:santunan:clinic:plkk-0001",
        "type": "santunan.claim.accident.v1", "time": "2024-05-06T10:00:00+07:00",
        "data": {
            "claim_id": "JKK-1", "member": {"member_number": "19110000001"},
            "accident": {"occurred_at": "2024-05-06T08:00:00+07:00"},
        },
    }  # fmt: skip
    return json.dumps(document | changes)


class TestHelp:
    @pytest.mark.parametrize("command", ["", *COMMANDS, *SUBCOMMANDS])
    def test_each_help_fits_eighty_columns(self, command: str) -> None:
        ran = santunan(*command.split(), "--help")
        assert ran.status == 0
        prose = [line for line in ran.out.splitlines() if not line.strip().startswith(("santunan ", "eval ", "grep "))]
        assert [line for line in prose if len(line) > WIDTH] == []

    @pytest.mark.parametrize("command", [one for one in (*COMMANDS, *SUBCOMMANDS) if one not in (
        "dead-letters", "rules", "services", "topics",
    )])  # fmt: skip
    def test_each_help_shows_an_example(self, command: str) -> None:
        ran = santunan(*command.split(), "--help")
        assert re.search(r"Examples?:\n +(.*)santunan ", ran.out), ran.out

    def test_the_first_help_names_every_command_and_every_exit_code(self) -> None:
        told = santunan("--help").out
        assert [name for name in COMMANDS if not re.search(rf"^  {name} ", told, re.MULTILINE)] == []
        assert [code for code in ("0", "1", "2", "70", "75", "78", "130") if f"\n    {code} " not in told] == []

    def test_no_short_help_is_cut_off(self) -> None:
        assert "..." not in santunan("--help").out.split("\n", 1)[1]

    def test_help_imports_nothing_heavy(self) -> None:
        heavy = ("faust", "kafka", "sqlalchemy", "pydantic", "rich", "yaml", "orjson", "pipeline.desk")
        code = (
            "import sys; sys.argv = ['santunan', '--help']\n"
            "from agents.cli import main\n"
            "try: main()\n"
            f"finally: print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        assert done.stderr.strip() == "[]"

    def test_it_tells_its_version(self) -> None:
        assert re.fullmatch(r"santunan \d+\.\d+\.\d+\n", santunan("--version").out)


class TestMistakes:
    @pytest.mark.parametrize("arguments", [
        ("demoo",), ("assess",), ("assess", "no-such-file"), ("decisions", "--outcome", "NO"),
    ])  # fmt: skip
    def test_what_is_typed_wrong_ends_with_two(self, arguments: tuple[str, ...]) -> None:
        ran = santunan(*arguments)
        assert ran.status == 2 and "Traceback" not in ran.err and ran.err

    @pytest.mark.parametrize("arguments", [
        ("explain", "JKK-1"), ("review", "JKK-1"), ("replay",), ("dead-letters", "list"), ("cover", "19110000001"),
    ])  # fmt: skip
    def test_where_nothing_is_stored_yet_one_sentence_says_so(
        self, arguments: tuple[str, ...], tmp_path: Path
    ) -> None:
        ran = santunan(*arguments, cwd=tmp_path)
        assert ran.status == 78
        assert len(ran.err.splitlines()) == 1 and "santunan submit" in ran.err

    def test_a_wrong_setting_is_named(self, tmp_path: Path) -> None:
        ran = santunan("doctor", cwd=tmp_path, SANTUNAN_PARTITIONS="many")
        assert ran.status == 78 and "SANTUNAN_PARTITIONS" in ran.err and "Traceback" not in ran.err

    def test_a_password_is_never_shown(self, tmp_path: Path) -> None:
        ran = santunan("doctor", cwd=tmp_path, SANTUNAN_DATABASE_URL="postgresql://me:hush-hush@127.0.0.1:1/x",
                       SANTUNAN_BROKER_URL="kafka+chunks://127.0.0.1:1")  # fmt: skip
        assert ran.status != 0 and "hush-hush" not in ran.out + ran.err

    def test_a_day_that_is_not_over_cannot_be_ticked(self, tmp_path: Path) -> None:
        ran = santunan("tick", "2099-01-01", cwd=tmp_path)
        assert ran.status == 78 and "not over yet" in ran.err


class TestAssess:
    def test_every_event_that_makes_a_decision_makes_one_line(self, events: Path) -> None:
        ran = santunan("assess", str(events))
        assert ran.status == 0 and ran.err == ""
        assert len(ran.rows) > 1_000
        wanted = {"claim_id", "outcome", "reason_codes", "benefits", "total", "missing", "rule_version"}
        assert all(wanted <= row.keys() for row in ran.rows)
        approved = [row for row in ran.rows if row["outcome"] == "APPROVED"]
        assert all(sum(line["amount"] for line in row["benefits"]) == row["total"] for row in approved)

    def test_standard_input_is_read_as_a_file_is(self, events: Path) -> None:
        some = "\n".join(events.read_text().splitlines()[:1_500])
        assert len(santunan("assess", "-", given=some).rows) > 100

    def test_a_refused_event_goes_to_standard_error_and_the_status_says_so(self, tmp_path: Path) -> None:
        file = tmp_path / "events.jsonl"
        file.write_text("\n".join([accident(), accident(id="2", type="santunan.claim.accident.v9"), "{not json", ""]))
        ran = santunan("assess", str(file))
        assert ran.status == 1
        assert [row["claim_id"] for row in ran.rows] == ["JKK-1"]
        refused = [json.loads(line) for line in ran.err.splitlines()]
        assert [(one["line"], one["reason"]) for one in refused] == [(2, "UNKNOWN_TYPE"), (3, "NOT_JSON")]

    def test_the_same_key_twice_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "events.jsonl"
        file.write_text(accident().replace('"claim_id": "JKK-1"', '"claim_id": "JKK-1", "claim_id": "JKK-2"'))
        ran = santunan("assess", str(file))
        assert ran.status == 1 and json.loads(ran.err)["reason"] == "DUPLICATE_KEY"

    def test_a_line_without_end_is_one_refusal(self, tmp_path: Path) -> None:
        file = tmp_path / "events.jsonl"
        file.write_text("x" * 1_000_000 + "\n" + accident())
        ran = santunan("assess", str(file))
        assert [json.loads(line)["reason"] for line in ran.err.splitlines()] == ["TOO_LARGE"]
        assert len(ran.rows) == 1

    @pytest.mark.parametrize(("language", "words"), [
        ("id", "Keputusan klaim JKK-1"), ("en", "Decision on claim JKK-1"),
    ])  # fmt: skip
    def test_it_explains_in_both_languages(self, language: str, words: str, tmp_path: Path) -> None:
        file = tmp_path / "events.jsonl"
        file.write_text(accident())
        ran = santunan("assess", str(file), "--explain", "--lang", language)
        assert words in ran.out and max(map(len, ran.out.splitlines())) <= WIDTH

    def test_a_reader_that_has_had_enough_is_no_failure(self, events: Path) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("SANTUNAN_")}
        running = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", "from agents.cli import main; main()", "assess", str(events)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=own,
        )  # fmt: skip
        assert running.stdout is not None and running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        told = running.stderr.read()
        running.stderr.close()
        assert (running.wait(timeout=60), told) == (0, b"")


class TestRules:
    def test_the_rule_book_is_sound(self) -> None:
        ran = santunan("rules", "check", "--json")
        assert ran.status == 0 and ran.rows[0]["parameters"] > 50

    def test_a_fault_is_told_without_a_traceback(self, tmp_path: Path) -> None:
        own = Path(__file__).parents[2] / "pipeline" / "rules" / "parameters"
        for file in own.glob("*.yaml"):
            (tmp_path / file.name).write_text(file.read_text())
        (tmp_path / "funeral.yaml").write_text((own / "funeral.yaml").read_text().replace("rupiah", "dollars", 1))
        ran = santunan("rules", "check", "--in", str(tmp_path))
        assert ran.status == 78 and "funeral.yaml" in ran.err and "Traceback" not in ran.err

    @pytest.mark.parametrize(("day", "amount"), [
        ("2019-12-01", 3_000_000), ("2019-12-02", 10_000_000), ("2019-12-03", 10_000_000),
    ])  # fmt: skip
    def test_a_parameter_is_shown_as_it_was_on_a_day(self, day: str, amount: int) -> None:
        assert santunan("rules", "show", "funeral", "--on", day, "--json").rows[0]["value"] == amount

    def test_a_misspelt_parameter_is_guessed(self) -> None:
        assert "did you mean funeral?" in santunan("rules", "show", "funerall").err

    def test_two_days_of_different_law_differ(self) -> None:
        names = {row["name"] for row in santunan("rules", "diff", "2019-12-01", "2019-12-02", "--json").rows}
        assert {"funeral", "jkm_death", "stmb_tranches"} <= names

    def test_the_day_after_a_change_nothing_changes(self) -> None:
        assert santunan("rules", "diff", "2019-12-02", "2019-12-03", "--json").rows == []

    @pytest.mark.parametrize("arguments", [
        ("show",), ("diff", "2019-12-01", "2019-12-02"), ("show", "disability_table"),
    ])  # fmt: skip
    def test_tables_fit_eighty_columns(self, arguments: tuple[str, ...]) -> None:
        lines = santunan("rules", *arguments).out.splitlines()
        assert max(len(line.rstrip()) for line in lines if "  " in line.strip()) <= WIDTH


class TestCover:
    def test_what_a_clinic_would_be_told(self, events: Path) -> None:
        ran = santunan("cover", "19110000001", "--from", str(events), "--on", "2019-11-20", "--json")
        assert ran.status == 0
        assert (ran.rows[0]["answer"], ran.rows[0]["reason"]) == ("yes", "OK")

    def test_nobody_knows_a_stranger(self, events: Path) -> None:
        ran = santunan("cover", "19110000999", "--from", str(events), "--json")
        assert ran.status == 1 and ran.rows[0]["reason"] == "MEM_NOT_REGISTERED"

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_it_answers_in_words(self, language: str, events: Path) -> None:
        ran = santunan("cover", "19110000001", "--from", str(events), "--lang", language)
        assert "JKK" in ran.out and "Traceback" not in ran.err


class TestPlainness:
    @pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
    def test_a_pipe_gets_no_colours(self, environment: dict[str, str]) -> None:
        assert "\x1b" not in santunan("schemas", **environment).out

    def test_the_table_of_schemas_breaks_no_name(self) -> None:
        told = santunan("schemas").out
        assert "santunan.member.contribution-paid.v1" in told
        assert max(len(one.rstrip()) for one in told.splitlines()) <= WIDTH

    def test_json_is_one_document_a_line(self) -> None:
        assert all("type" in row for row in santunan("schemas", "--json").rows)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which the demo was run."""
    place = tmp_path_factory.mktemp("living")
    done = santunan("demo", "--json", cwd=place)
    assert done.status == 0, done.err
    (place / "summary.json").write_text(done.out)
    return place


@pytest.fixture
def url() -> dict[str, str]:
    return {"SANTUNAN_DATABASE_URL": "sqlite:///.santunan/demo/santunan.db"}


class TestLiving:
    """With a store: what was submitted, decided and asked for afterwards."""

    def summary(self, place: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((place / "summary.json").read_text())
        return found

    def test_the_worker_decides_as_the_offline_assessment_does(self, place: Path) -> None:
        offline = santunan("assess", str(place / ".santunan" / "demo" / "events.jsonl"))
        assert self.summary(place)["decisions"] == len(offline.rows)

    def test_a_second_demo_says_that_it_was_done_and_shows_the_same(self, place: Path) -> None:
        again = json.loads(santunan("demo", "--json", cwd=place).out)
        assert again.pop("is_repeated") is True
        first = self.summary(place)
        assert first.pop("is_repeated") is False and again == first

    def test_the_demo_fits_eighty_columns(self, place: Path) -> None:
        told = santunan("demo", cwd=place).out
        assert [line for line in told.splitlines() if len(line) > WIDTH and "export" not in line] == []
        assert all(words in told for words in ("Apa yang diperiksa", "What was checked", "santunan replay"))

    def test_a_claim_is_explained_from_the_store(self, place: Path, url: dict[str, str]) -> None:
        claim = self.summary(place)["explained"]
        ran = santunan("explain", claim, "--lang", "en", cwd=place, **url)
        assert ran.status == 0 and f"Decision on claim {claim}" in ran.out

    def test_an_unknown_claim_is_said_to_be_unknown(self, place: Path, url: dict[str, str]) -> None:
        ran = santunan("explain", "JKK-0000-0000", cwd=place, **url)
        assert ran.status == 1 and "no decision on the claim JKK-0000-0000" in ran.err

    def test_decisions_can_be_asked_by_claim_and_by_outcome(self, place: Path, url: dict[str, str]) -> None:
        claim = self.summary(place)["referral"]
        rows = santunan("decisions", "--claim", claim, "--outcome", "REFERRED", "--json", cwd=place, **url).rows
        assert rows and {row["data"]["claim_id"] for row in rows} == {claim}

    def test_the_referral_waits_in_the_queue_and_shows_how_to_answer(self, place: Path, url: dict[str, str]) -> None:
        claim = self.summary(place)["referral"]
        waiting = [row["claim_id"] for row in santunan("referrals", "--json", cwd=place, **url).rows]
        assert claim in waiting
        assert f"santunan review {claim} --verdict" in santunan("review", claim, cwd=place, **url).out

    def test_a_review_needs_a_name_and_a_reason(self, place: Path, url: dict[str, str]) -> None:
        claim = self.summary(place)["referral"]
        ran = santunan("review", claim, "--verdict", "approve", cwd=place, **url)
        assert ran.status == 2 and "--reason" in ran.err

    def test_dead_letters_are_listed_and_told(self, place: Path, url: dict[str, str]) -> None:
        rows = santunan("dead-letters", "list", "--json", cwd=place, **url).rows
        assert {row["reason"] for row in rows} == set(self.summary(place)["refused"])
        ran = santunan("dead-letters", "show", rows[0]["place"], cwd=place, **url)
        assert ran.status == 0 and rows[0]["reason"] in ran.out

    def test_cover_is_answered_from_the_store(self, place: Path, url: dict[str, str]) -> None:
        ran = santunan("cover", "19110000001", "--on", "2019-11-20", "--json", cwd=place, **url)
        assert ran.rows[0]["answer"] == "yes"

    def test_replay_finds_no_difference(self, place: Path, url: dict[str, str]) -> None:
        ran = santunan("replay", "--json", cwd=place, **url)
        assert ran.status == 0 and ran.rows[0]["differences"] == []

    def test_a_changed_parameter_shows_which_claims_it_would_change(self, place: Path, url: dict[str, str]) -> None:
        own = Path(__file__).parents[2] / "pipeline" / "rules" / "parameters" / "funeral.yaml"
        changed = place / "funeral.yaml"
        changed.write_text(own.read_text().replace("10_000_000", "11_000_000"))
        found = santunan("rules", "impact", str(changed), "--json", cwd=place, **url).rows[0]
        assert found["differences"] and all(one["claim_id"] for one in found["differences"])

    def test_everything_is_well_afterwards(self, place: Path, url: dict[str, str]) -> None:
        ran = santunan("doctor", "--deep", "--json", cwd=place, **url)
        assert ran.status == 0, ran.out

    def test_submitting_what_cannot_be_read_names_line_and_field(self, place: Path, url: dict[str, str]) -> None:
        wrong = accident(id="9", data={"claim_id": "JKK-9", "member": {"nik": "367"}, "accident": {}})
        ran = santunan("submit", "-", cwd=place, given=wrong, **url)
        assert ran.status == 1 and "line 1: data.member.nik" in ran.err and "0 events submitted" in ran.out

    def test_submitting_twice_does_no_harm(self, place: Path, url: dict[str, str]) -> None:
        for _ in range(2):
            ran = santunan("submit", "-", cwd=place, given=accident(id="10"), **url)
            assert (ran.status, ran.out) == (0, "1 event submitted.\n")


def test_bounded_lines_keep_nothing_larger_than_an_event_in_memory() -> None:
    from agents.cli.reading import bounded_lines
    from schemas.values import MAX_EVENT_BYTES

    stream = io.BytesIO(b"a" * (5 * MAX_EVENT_BYTES) + b"\nshort\n")
    lines = list(bounded_lines(stream))
    assert [len(line) for line in lines] == [MAX_EVENT_BYTES + 2, 6]
