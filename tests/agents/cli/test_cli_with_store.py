"""The command line over a store: events submitted, decided, asked for afterwards and retried."""

import datetime as dt
import fcntl
import json
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from agents.cli import referrals, store
from pipeline.queries import queue
from pipeline.queries.pages import Page
from tests.support.command_line import WIDTH, accident, environment, santunan, santunan_process, until, worker
from tests.support.parameters import funeral_file


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


def test_two_demos_at_once_do_not_remove_what_the_other_makes(tmp_path: Path) -> None:
    (tmp_path / ".santunan").mkdir()
    with (tmp_path / ".santunan" / "demo.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ran = santunan("demo", cwd=tmp_path)
    assert ran.status == 78 and "another demo is being run" in ran.err
    assert not (tmp_path / ".santunan" / "demo").exists()


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
        said = santunan("demo", cwd=place).out
        assert [line for line in said.splitlines() if len(line) > WIDTH and "export" not in line] == []
        assert all(words in said for words in ("Apa yang diperiksa", "What was checked", "santunan replay"))

    def test_a_claim_is_explained_from_the_store(self, place: Path, url: dict[str, str]) -> None:
        claim = self.summary(place)["explained"]
        ran = santunan("explain", claim, "--lang", "en", cwd=place, **url)
        assert ran.status == 0 and f"Decision on claim {claim}" in ran.out

    def test_an_explanation_is_written_as_pdf_for_its_owner_alone(self, place: Path, url: dict[str, str]) -> None:
        claim = self.summary(place)["explained"]
        file = place / "letter.pdf"
        ran = santunan("explain", claim, "--lang", "en", "--pdf", str(file), cwd=place, **url)
        assert ran.status == 0 and ran.out.startswith(str(file)) and "Decision on claim" not in ran.out
        assert file.read_bytes().startswith(b"%PDF-") and file.stat().st_mode & 0o77 == 0
        ran = santunan("explain", claim, "--pdf", str(place / "nowhere" / "letter.pdf"), cwd=place, **url)
        assert ran.status == 78 and "give another path" in ran.err

    def test_a_terminal_that_knows_few_letters_shows_the_others_as_question_marks(
        self, place: Path, url: dict[str, str]
    ) -> None:
        claim = self.summary(place)["explained"]
        ran = santunan_process("explain", claim, cwd=place, PYTHONIOENCODING="ascii", **url)
        assert ran.status == 0 and " ? " in ran.out

    def test_an_unknown_claim_is_said_to_be_unknown(self, place: Path, url: dict[str, str]) -> None:
        ran = santunan("explain", "JKK-0000-0000", cwd=place, **url)
        assert ran.status == 1 and "no decision on the claim JKK-0000-0000" in ran.err

    def test_decisions_can_be_asked_by_claim_and_by_outcome(self, place: Path, url: dict[str, str]) -> None:
        claim = self.summary(place)["referral"]
        rows = santunan("decisions", "--claim", claim, "--outcome", "REFERRED", "--json", cwd=place, **url).rows
        assert rows and {row["data"]["claim_id"] for row in rows} == {claim}

    def test_filtered_decisions_are_those_of_the_topic_page_by_page(self, place: Path, url: dict[str, str]) -> None:
        whole = santunan("decisions", "--json", cwd=place, **url).rows
        wanted = [row["id"] for row in whole if row["data"]["outcome"] == "PENDING"]
        first = santunan("decisions", "--outcome", "PENDING", "--limit", "5", "--json", cwd=place, **url)
        assert [row["id"] for row in first.rows] == wanted[:5]
        assert f"{len(wanted) - 5:,} more; the same with --after {wanted[4]} shows the next." in first.err
        rest = ("--after", wanted[4], "--limit", "10000", "--json")
        second = santunan("decisions", "--outcome", "PENDING", *rest, cwd=place, **url)
        assert ([row["id"] for row in second.rows], second.err) == (wanted[5:], "")

    def test_the_queue_holds_the_referrals_that_the_topic_left_open(self, place: Path, url: dict[str, str]) -> None:
        first = santunan("referrals", "--limit", "3", cwd=place, **url).out.splitlines()
        rows = santunan("referrals", "--json", "--limit", "10000", cwd=place, **url).rows
        assert first[-2].startswith(f"3 shown, {len(rows) - 3} more wait.")
        assert first[-1] == f"`santunan referrals --after {rows[2]['cursor']}` shows the next."
        left = santunan("referrals", "--json", "--after", rows[2]["cursor"], "--limit", "10000", cwd=place, **url).rows
        assert left == rows[3:] and [row["since"] for row in rows] == sorted(row["since"] for row in rows)

    @pytest.mark.parametrize(
        ("arguments", "status", "words"),
        [
            (("referrals", "--after", "yesterday"), 1, "yesterday is no place in the queue"),
            (("decisions", "--after", "JKK-0.r1"), 1, "there is no decision JKK-0.r1"),
            (("decisions", "--follow", "--limit", "3"), 2, "do not go with --follow"),
            (("referrals", "--limit", "0"), 2, "'--limit'"),
        ],
    )
    def test_a_page_that_is_none_is_one_sentence(
        self, arguments: tuple[str, ...], status: int, words: str, place: Path, url: dict[str, str]
    ) -> None:
        ran = santunan(*arguments, cwd=place, **url)
        assert (ran.status, ran.out) == (status, "") and words in ran.err and "Traceback" not in ran.err

    def test_the_referral_waits_in_the_queue_and_shows_how_to_answer(self, place: Path, url: dict[str, str]) -> None:
        claim = self.summary(place)["referral"]
        waiting = [row["claim_id"] for row in santunan("referrals", "--json", cwd=place, **url).rows]
        assert claim in waiting
        said = santunan("review", claim, cwd=place, **url).out.splitlines()
        assert f"  santunan review {claim} --verdict approve --as … --reason …" in said
        assert max(map(len, said)) <= WIDTH

    def test_a_review_needs_a_name_and_a_reason(self, place: Path, url: dict[str, str]) -> None:
        claim = self.summary(place)["referral"]
        ran = santunan("review", claim, "--verdict", "approve", cwd=place, **url)
        assert ran.status == 2 and "--reason" in ran.err

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("approve", "--as", "klaim 01"), "--as: write small letters"),
            (("approve", "--as", "k", "--answer", "no code"), "--answer: "),
            (("approve", "--as", "k", "--revision", "0"), "'--revision'"),
            (("approve", "--as", "k", "--line", "funeral=1"), "--verdict change and --line go together"),
            (("change", "--as", "k"), "--verdict change and --line go together"),
            (("change", "--as", "k", "--line", "coffin=1"), "--line: Input should be 'jkk_death'"),
            (("change", "--as", "k", "--line", f"funeral={10**20}"), "write a line and whole rupiah"),
            (("documents", "--as", "k"), "--verdict documents and --paper go together"),
        ],
    )
    def test_a_fault_of_a_review_is_reported_by_its_option(
        self, arguments: tuple[str, ...], said: str, place: Path, url: dict[str, str]
    ) -> None:
        claim = self.summary(place)["referral"]
        ran = santunan("review", claim, "--reason", "r", "--verdict", *arguments, cwd=place, **url)
        assert ran.status == 2 and said in ran.err and ran.out == ""

    def test_dead_letters_are_listed_and_shown(self, place: Path, url: dict[str, str]) -> None:
        rows = santunan("dead-letters", "list", "--json", cwd=place, **url).rows
        assert {row["reason"] for row in rows} == set(self.summary(place)["refused"])
        for row in rows:
            ran = santunan("dead-letters", "show", row["place"], cwd=place, **url)
            assert ran.status == 0 and row["reason"] in ran.out
            said = [line for line in ran.out.splitlines() if not line.startswith("  ")]  # fields and their faults
            assert max(map(len, said)) <= WIDTH

    def test_a_list_of_dead_letters_breaks_no_name(self, place: Path, url: dict[str, str]) -> None:
        rows = santunan("dead-letters", "list", "--json", cwd=place, **url).rows
        said = santunan("dead-letters", "list", cwd=place, **url).out.splitlines()
        wanted = [f"{row['place']}  {row['reason']}  {row['source'] or '(unreadable)'}" for row in rows]
        assert wanted == [line for line in said if "/0/" in line] and max(map(len, said)) <= WIDTH

    def test_cover_is_answered_from_the_store(self, place: Path, url: dict[str, str]) -> None:
        ran = santunan("cover", "19110000001", "--on", "2019-11-20", "--json", cwd=place, **url)
        assert ran.rows[0]["answer"] == "yes"

    def test_replay_finds_no_difference(self, place: Path, url: dict[str, str]) -> None:
        ran = santunan("replay", "--json", cwd=place, **url)
        assert ran.status == 0 and ran.rows[0]["differences"] == []

    def test_an_unknown_claim_is_not_replayed_without_a_difference(self, place: Path, url: dict[str, str]) -> None:
        ran = santunan("replay", "--claim", "JKK-0000-0000", cwd=place, **url)
        assert ran.status == 1 and "no decision on the claim JKK-0000-0000" in ran.err

    @pytest.mark.parametrize("name", ["x", "a/0/x", f"history.events/0/{10**20}", "history.events/0/999999"])
    def test_a_dead_letter_that_is_none_is_one_sentence(self, name: str, place: Path, url: dict[str, str]) -> None:
        ran = santunan("dead-letters", "show", name, cwd=place, **url)
        assert ran.status == 1 and "dead-letters list`" in ran.err and "Traceback" not in ran.err

    def test_a_changed_parameter_shows_which_claims_it_would_change(self, place: Path, url: dict[str, str]) -> None:
        changed = funeral_file(place, 11_000_000)
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


def test_a_dead_letter_that_came_too_early_is_accepted_when_tried_again(tmp_path: Path) -> None:
    """An appeal against a claim that nobody has made yet; then the claim comes."""
    appeal = accident(id="early", type="santunan.claim.appealed.v1", data={"claim_id": "JKK-1"})
    assert santunan("submit", "-", cwd=tmp_path, given=appeal).status == 0
    with worker(tmp_path):
        letters = until(tmp_path, 1, "dead-letters", "list")
        assert [one["reason"] for one in letters] == ["CLAIM_UNKNOWN"]
        claim = json.loads(accident())
        claim["data"]["member"] = {"nik": "3671010101900001"}  # so that claim and appeal have one key: the claim's id
        assert santunan("submit", "-", cwd=tmp_path, given=json.dumps(claim)).status == 0
        until(tmp_path, 1, "decisions")
        assert santunan("dead-letters", "retry", letters[0]["place"], cwd=tmp_path).status == 0
        decisions = until(tmp_path, 2, "decisions")
    assert [row["data"]["caused_by"]["id"] for row in decisions] == ["1", "early"]
    assert santunan("dead-letters", "list", "--json", cwd=tmp_path).rows == []
    assert santunan("dead-letters", "list", "--all", "--json", cwd=tmp_path).rows[0]["is_retried"] is True


def test_a_list_of_referrals_breaks_no_claim_id(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    claim_id, since = "JKK-" + "9" * 60, dt.date(2026, 11, 20)
    codes = ("RULE_STRADDLE",)
    one = queue.WaitingClaim(
        "r", claim_id, "k", None, "JKK", 1, codes, 166_200_000, since, since, False, None, None, "c"
    )
    monkeypatch.setattr(store, "opened_store", lambda: nullcontext())
    monkeypatch.setattr(queue, "waiting", lambda *_, **__: Page((one,), 0, None))
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    referrals.referrals()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"2026-11-20  {claim_id}  about Rp166.200.000" and lines[1].endswith(" RULE_STRADDLE")


def test_a_dead_letter_that_cannot_be_read_is_not_sent_again(place: Path, url: dict[str, str]) -> None:
    letters = santunan("dead-letters", "list", "--json", cwd=place, **url).rows
    unreadable = next(row["place"] for row in letters if row["reason"] == "NOT_JSON")
    ran = santunan("dead-letters", "retry", unreadable, cwd=place, **url)
    assert ran.status == 1 and "cannot be read now either" in ran.err


def test_ctrl_c_ends_quietly_with_130(place: Path, url: dict[str, str]) -> None:
    # A shell that starts something in the background makes it ignore Ctrl-C, and children inherit that.
    listens = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{listens}; from agents.cli import main; main()"
    following = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, "decisions", "--follow", "--json"],
        cwd=place,
        env={**environment(), **url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert following.stdout is not None
    following.stdout.readline()
    following.send_signal(signal.SIGINT)
    _, said = following.communicate(timeout=20)
    assert (following.returncode, said) == (130, b"")
