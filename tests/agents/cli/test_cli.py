"""The command line as people meet it: help, exit codes, words instead of tracebacks, files of events."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agents.demo import portfolio
from tests.support.command_line import PROGRAM, WIDTH, accident, environment, santunan

COMMANDS = (
    "demo",
    "run",
    "worker",
    "submit",
    "decisions",
    "referrals",
    "review",
    "explain",
    "assess",
    "replay",
    "dead-letters",
    "schemas",
    "doctor",
    "rules",
    "services",
    "topics",
    "migrate",
    "tick",
    "cover",
    "bench",
)
SUBCOMMANDS = (
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
PARAMETERS = Path(__file__).parents[3] / "pipeline" / "law" / "parameters"


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portfolio without what cannot be read."""
    from pipeline.errors import Poison
    from pipeline.law.book import Book
    from pipeline.processing.offline import Offline

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


class TestHelp:
    @pytest.mark.parametrize("command", ["", *COMMANDS, *SUBCOMMANDS])
    def test_each_help_fits_eighty_columns(self, command: str) -> None:
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
                "dead-letters",
                "rules",
                "services",
                "topics",
            )
        ],
    )
    def test_each_help_shows_an_example(self, command: str) -> None:
        ran = santunan(*command.split(), "--help")
        assert re.search(r"Examples?:\n +(.*)santunan ", ran.out), ran.out

    def test_the_first_help_names_every_command_and_every_exit_code(self) -> None:
        told = santunan("--help").out
        assert [name for name in COMMANDS if not re.search(rf"^  {name} ", told, re.MULTILINE)] == []
        assert [code for code in ("0", "1", "2", "70", "75", "78", "130") if f"\n    {code} " not in told] == []

    @pytest.mark.parametrize("command", ["", "dead-letters", "rules", "services", "topics"])
    def test_no_short_help_is_cut_off(self, command: str) -> None:
        assert "..." not in santunan(*command.split(), "--help").out.split("\n", 1)[1]

    def test_help_imports_nothing_heavy(self) -> None:
        heavy = ("faust", "kafka", "sqlalchemy", "pydantic", "rich", "yaml", "orjson", "pipeline.claims.desk")
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
    @pytest.mark.parametrize(
        "arguments",
        [
            ("demoo",),
            ("assess",),
            ("assess", "no-such-file"),
            ("assess", "."),
            ("decisions", "--outcome", "NO"),
            ("cover", "unknown"),
            ("cover", "19110000001", "--on", "2199-01-01"),
            ("rules", "show", "--on", "2010-01-01"),
            ("rules", "show", "funeral", "--on", "2010-01-01"),
            ("rules", "diff", "2010-01-01", "2020-01-01"),
            ("replay", "--from", "2026-01-01", "--until", "2025-01-01"),
            ("rules", "show", "--on", "2199-01-01"),
            ("rules", "diff", "2020-01-01", "2199-01-01"),
            ("rules", "check", "--in", "no-such-folder"),
        ],
    )
    def test_what_is_typed_wrong_ends_with_two(self, arguments: tuple[str, ...]) -> None:
        ran = santunan(*arguments)
        assert ran.status == 2 and "Traceback" not in ran.err and ran.err and "Value error" not in ran.err

    @pytest.mark.parametrize(
        "arguments",
        [
            ("cover", "1", "--on"),
            ("replay", "--from"),
            ("tick",),
            ("rules", "show", "--on"),
            ("rules", "diff"),
        ],
    )
    def test_a_day_that_is_none_is_shown_how_to_write(self, arguments: tuple[str, ...]) -> None:
        ran = santunan(*arguments, "20.11.2026")
        assert ran.status == 2 and "20.11.2026 is no day; write it as 2026-11-20" in ran.err

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("decisions",), "There is no such decision"),
            (("referrals",), "Nothing waits"),
            (("dead-letters", "list"), "No refused event is left"),
            (("dead-letters", "list", "--all"), "Nothing was refused"),
        ],
    )
    def test_where_nothing_was_decided_yet_it_is_said_in_words(
        self, arguments: tuple[str, ...], told: str, tmp_path: Path
    ) -> None:
        assert santunan("submit", "-", cwd=tmp_path, given=accident()).status == 0
        ran = santunan(*arguments, cwd=tmp_path)
        assert ran.status == 0 and told in ran.out + ran.err and "─" not in ran.out

    @pytest.mark.parametrize(
        "arguments",
        [
            ("explain", "JKK-1"),
            ("review", "JKK-1"),
            ("replay",),
            ("dead-letters", "list"),
            ("cover", "19110000001"),
            ("decisions",),
            ("decisions", "--json"),
            ("referrals",),
            ("tick",),
            ("decisions", "--follow"),
            ("dead-letters", "retry", "claims.accidents/0/1"),
            ("rules", "impact", "funeral.yaml"),
        ],
    )
    def test_where_nothing_is_stored_yet_one_sentence_says_so_and_nothing_is_made(
        self, arguments: tuple[str, ...], tmp_path: Path
    ) -> None:
        changed = tmp_path / "funeral.yaml"
        changed.write_text((PARAMETERS / changed.name).read_text())
        ran = santunan(*arguments, cwd=tmp_path)
        assert (ran.status, ran.out) == (78, "")
        assert len(ran.err.splitlines()) == 1 and "santunan submit" in ran.err
        assert list(tmp_path.iterdir()) == [changed]

    def test_an_empty_file_holds_nothing_yet_either(self, tmp_path: Path) -> None:
        (tmp_path / "santunan.db").touch()
        ran = santunan("decisions", cwd=tmp_path, SANTUNAN_DATABASE_URL="sqlite:///santunan.db")
        assert ran.status == 78 and "is empty, so nothing was submitted yet" in ran.err

    def test_a_wrong_setting_is_named(self, tmp_path: Path) -> None:
        ran = santunan("doctor", cwd=tmp_path, SANTUNAN_PARTITIONS="many")
        assert ran.status == 78 and "SANTUNAN_PARTITIONS" in ran.err and "Traceback" not in ran.err
        (tmp_path / "santunan.toml").write_text("partition = 1\n")
        assert "partition in santunan.toml): no such setting; correct" in santunan("doctor", cwd=tmp_path).err

    def test_a_misspelt_variable_is_found(self, tmp_path: Path) -> None:
        assert santunan("submit", "-", cwd=tmp_path, given=accident()).status == 0
        well = santunan("doctor", cwd=tmp_path)
        assert well.status == 0 and "1 event waits to be decided" in well.out
        ran = santunan("doctor", cwd=tmp_path, SANTUNAN_BROKER="kafka+chunks://127.0.0.1:1")
        assert ran.status == 1 and "SANTUNAN_BROKER: no such setting" in ran.out

    def test_a_password_is_never_shown(self, tmp_path: Path) -> None:
        ran = santunan(
            "doctor",
            cwd=tmp_path,
            SANTUNAN_DATABASE_URL="postgresql://me:hush-hush@127.0.0.1:1/x",
            SANTUNAN_BROKER_URL="kafka+chunks://127.0.0.1:1",
        )
        assert ran.status != 0 and "hush-hush" not in ran.out + ran.err

    @pytest.mark.parametrize("command", ["create", "check"])
    def test_the_embedded_file_has_no_topics_to_make(self, command: str, tmp_path: Path) -> None:
        ran = santunan("topics", command, cwd=tmp_path)
        assert ran.status == 78 and ran.err.startswith("the embedded file makes its topics itself")

    @pytest.mark.parametrize("revision", ["9999", "", "-1", "000"])  # as Alembic has it, the last two are revisions
    def test_an_unknown_revision_is_named(self, revision: str, tmp_path: Path) -> None:
        ran = santunan("migrate", "--to", revision, cwd=tmp_path)
        assert (ran.status, ran.out) == (78, "") and revision in ran.err and "the newest revision is" in ran.err

    @pytest.mark.parametrize(
        "arguments",
        [
            ("submit", "-"),
            ("migrate",),
            ("worker",),
            ("schemas", "--write", "file"),
            ("services", "up", "--in", "file"),
        ],
    )
    def test_a_place_that_cannot_be_written_is_named(self, arguments: tuple[str, ...], tmp_path: Path) -> None:
        (tmp_path / "file").write_text("a file is no directory")
        settings = {} if len(arguments) > 2 else {"SANTUNAN_DATABASE_URL": "sqlite:///file/santunan.db"}
        ran = santunan(*arguments, cwd=tmp_path, given=accident(), **settings)
        assert ran.status == 78 and "Traceback" not in ran.err
        assert re.search(r"\bfile: (File exists|Not a directory); ", ran.err), ran.err

    def test_a_full_disk_is_no_bug(self) -> None:
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(  # noqa: S603
                [*PROGRAM, "rules", "show"],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                timeout=60,
                check=False,
                env=environment(),
            )
        assert done.returncode == 75 and "Traceback" not in done.stderr
        assert done.stderr.startswith("the disk is full") and done.stderr.count("\n") == 1

    def test_a_day_that_is_not_over_cannot_be_ticked(self, tmp_path: Path) -> None:
        assert santunan("submit", "-", cwd=tmp_path, given=accident()).status == 0
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

    def test_the_mark_that_some_editors_begin_a_file_with_is_no_part_of_the_event(self, tmp_path: Path) -> None:
        for name in ("events.jsonl", "event.json"):
            (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + accident().encode() + b"\r\n")
            assert santunan("submit", name, cwd=tmp_path).out == "1 event submitted.\n"
        assert len(santunan("assess", "events.jsonl", cwd=tmp_path).rows) == 1

    @pytest.mark.parametrize(
        "text",
        [
            json.dumps(json.loads(accident()), indent=2),
            f"\n{accident()}\n",
            f"{accident()}\n\n{accident()}\n",
        ],
    )
    def test_a_json_file_holds_one_document_over_several_lines_or_one_a_line(self, text: str, tmp_path: Path) -> None:
        file = tmp_path / "claim.json"
        file.write_text(text)
        assert [row["claim_id"] for row in santunan("assess", "claim.json", cwd=tmp_path).rows] == ["JKK-1"]
        number = text.count("specversion")
        told = santunan("submit", "claim.json", cwd=tmp_path).out
        assert told == f"{number} event{'s' * (number > 1)} submitted.\n"

    @pytest.mark.parametrize("command", ["assess", "submit"])
    @pytest.mark.parametrize("count", [1, 1_000])
    def test_a_list_is_told_to_be_written_line_by_line(self, count: int, command: str, tmp_path: Path) -> None:
        (tmp_path / "claims.json").write_text(json.dumps([json.loads(accident())] * count, indent=1))
        ran = santunan(command, "claims.json", cwd=tmp_path)
        assert ran.status == 1 and "of a list, write each on a line of its own" in ran.err

    def test_a_document_over_several_lines_elsewhere_is_told_where_it_is_read(self, tmp_path: Path) -> None:
        ran = santunan("submit", "-", cwd=tmp_path, given=json.dumps(json.loads(accident()), indent=2))
        assert ran.status == 1 and "in a file whose name ends in .json" in ran.err.splitlines()[0]
        assert "line 2: event: Invalid JSON: trailing characters at column" in ran.err

    def test_an_empty_file_holds_no_event(self, tmp_path: Path) -> None:
        for name in ("events.jsonl", "event.json"):
            (tmp_path / name).touch()
            ran = santunan("submit", name, cwd=tmp_path)
            assert (ran.status, ran.out, ran.err) == (0, "0 events submitted.\n", "")

    @pytest.mark.parametrize("command", ["assess", "submit"])
    def test_a_pipe_of_the_shell_is_a_file(self, command: str, tmp_path: Path) -> None:
        reading, writing = os.pipe()
        os.write(writing, accident().encode())
        os.close(writing)
        done = subprocess.run(  # noqa: S603
            [*PROGRAM, command, f"/dev/fd/{reading}"],
            cwd=tmp_path,
            env=environment(),
            pass_fds=(reading,),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        os.close(reading)
        assert (done.returncode, done.stderr) == (0, "")

    def test_refusals_as_json_are_json_alone(self, tmp_path: Path) -> None:
        ran = santunan("submit", "-", "--json", cwd=tmp_path, given="{}\n[]\n")
        assert ran.status == 1
        assert [json.loads(line)["reason"] for line in ran.err.splitlines()] == ["UNKNOWN_TYPE", "INVALID"]

    def test_standard_input_is_read_as_a_file_is(self, events: Path) -> None:
        some = "\n".join(events.read_text().splitlines()[:1_500])
        assert len(santunan("assess", "-", given=some).rows) > 100

    def test_standard_input_that_is_named_twice_is_read_once(self, tmp_path: Path) -> None:
        ran = santunan("submit", "-", "-", cwd=tmp_path, given=accident())
        assert (ran.status, ran.out, ran.err) == (0, "1 event submitted.\n", "")

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

    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("id", "Keputusan klaim JKK-1"),
            ("en", "Decision on claim JKK-1"),
        ],
    )
    def test_it_explains_in_both_languages(self, language: str, words: str, tmp_path: Path) -> None:
        file = tmp_path / "events.jsonl"
        file.write_text(accident())
        ran = santunan("assess", str(file), "--explain", "--lang", language)
        assert words in ran.out and max(map(len, ran.out.splitlines())) <= WIDTH

    def test_what_is_submitted_goes_in_though_nobody_reads_the_receipts(self, events: Path, tmp_path: Path) -> None:
        submitting = subprocess.Popen(  # noqa: S603
            [*PROGRAM, "submit", "--json", str(events)], cwd=tmp_path, stdout=subprocess.PIPE, env=environment()
        )
        assert submitting.stdout is not None
        submitting.stdout.readline()
        submitting.stdout.close()
        assert submitting.wait(timeout=60) == 0
        count = len(events.read_bytes().splitlines())
        assert f"; {count:,} events wait to be decided" in santunan("doctor", cwd=tmp_path).out

    @pytest.mark.parametrize("is_table", [False, True])
    def test_a_reader_that_has_had_enough_is_no_failure(self, is_table: bool, events: Path) -> None:
        arguments = ("rules", "show") if is_table else ("assess", str(events))
        running = subprocess.Popen(  # noqa: S603
            [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        )
        assert running.stdout is not None and running.stderr is not None
        running.stdout.close()
        told = running.stderr.read()
        running.stderr.close()
        assert (running.wait(timeout=60), told) == (0, b"")


class TestRules:
    def test_the_rule_book_is_sound(self) -> None:
        ran = santunan("rules", "check", "--json")
        assert ran.status == 0 and ran.rows[0]["parameters"] > 50

    def test_a_fault_is_told_without_a_traceback(self, tmp_path: Path) -> None:
        for file in PARAMETERS.glob("*.yaml"):
            (tmp_path / file.name).write_text(file.read_text())
        changed = tmp_path / "funeral.yaml"
        changed.write_text(changed.read_text().replace("rupiah", "dollars", 1))
        ran = santunan("rules", "check", "--in", str(tmp_path))
        assert ran.status == 78 and "funeral.yaml" in ran.err and "Traceback" not in ran.err

    @pytest.mark.parametrize(
        ("day", "amount"),
        [
            ("2019-12-01", 3_000_000),
            ("2019-12-02", 10_000_000),
            ("2019-12-03", 10_000_000),
        ],
    )
    def test_a_parameter_is_shown_as_it_was_on_a_day(self, day: str, amount: int) -> None:
        assert santunan("rules", "show", "funeral", "--on", day, "--json").rows[0]["value"] == amount

    def test_a_misspelt_parameter_is_guessed(self) -> None:
        assert "did you mean funeral?" in santunan("rules", "show", "funerall").err

    def test_two_days_of_different_law_differ(self) -> None:
        names = {row["name"] for row in santunan("rules", "diff", "2019-12-01", "2019-12-02", "--json").rows}
        assert {"funeral", "jkm_death", "stmb_tranches"} <= names

    def test_the_day_after_a_change_nothing_changes(self) -> None:
        assert santunan("rules", "diff", "2019-12-02", "2019-12-03", "--json").rows == []

    @pytest.mark.parametrize(
        "arguments",
        [
            ("show",),
            ("diff", "2019-12-01", "2019-12-02"),
            ("show", "disability_table"),
        ],
    )
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

    @pytest.mark.parametrize(("asked", "named"), [("19110000999", "19110000999"), ("3671010101900001", "NIK")])
    def test_a_stranger_is_named_as_asked_for_but_no_nik_is_repeated(
        self, asked: str, named: str, events: Path
    ) -> None:
        told = santunan("cover", asked, "--from", str(events)).out
        assert told.startswith(f"{named}, ") and "3671010101900001" not in told

    def test_a_file_that_tells_of_no_member_says_nothing_about_one(self, tmp_path: Path) -> None:
        (tmp_path / "scan.pdf").write_bytes(bytes(range(256)))
        ran = santunan("cover", "19110000001", "--from", "scan.pdf", cwd=tmp_path)
        assert (ran.status, ran.out) == (78, "") and "scan.pdf holds no membership event" in ran.err

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_it_answers_in_words(self, language: str, events: Path) -> None:
        ran = santunan("cover", "19110000001", "--from", str(events), "--lang", language)
        assert "JKK" in ran.out and "Traceback" not in ran.err
        assert max(map(len, ran.out.splitlines())) <= WIDTH


class TestPlainness:
    @pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
    def test_a_pipe_gets_no_colours(self, environment: dict[str, str]) -> None:
        assert "\x1b" not in santunan("schemas", **environment).out

    def test_the_table_of_schemas_breaks_no_name(self) -> None:
        told = santunan("schemas").out
        assert "santunan.member.contribution-paid.v1" in told
        assert max(len(one.rstrip()) for one in told.splitlines()) <= WIDTH

    def test_json_is_one_document_a_line(self, tmp_path: Path) -> None:
        assert all("type" in row for row in santunan("schemas", "--json").rows)
        assert santunan("schemas", "--json", "--write", "new", cwd=tmp_path).rows[0]["directory"] == "new"


def test_bounded_lines_keep_nothing_larger_than_an_event_in_memory() -> None:
    from agents.clients.event_files import bounded_lines
    from schemas.values import MAX_EVENT_BYTES

    stream = io.BytesIO(b"a" * (5 * MAX_EVENT_BYTES) + b"\nshort\n")
    lines = list(bounded_lines(stream))
    assert [len(line) for line in lines] == [MAX_EVENT_BYTES + 2, 6]
