"""Documentation that is true: blocks of shell run, documents parse, links lead somewhere, commits keep their form.

A newcomer runs `make demo` and pastes. So each page gets a copy of the folder as the demo left it, and its blocks run
in one bash session, after the README's Start. `text` is for what cannot run here. Below a `sh` block it shows output:
that block must print each of its lines.
"""

import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import yaml

from agents.services.servers import free_ports
from agents.settings import Settings
from schemas.events import parse
from tests.support.command_line import PROGRAM

ROOT: Final = Path(__file__).parents[1]
README: Final = ROOT / "README.md"
PAGES: Final = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md")))
DECISIONS: Final = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
HEADINGS: Final = ["Context", "Decision", "Consequences", "Alternatives", "Shown by"]
MOST_LINES_OF_THE_README: Final = 120
MOST_LETTERS_OF_A_SUBJECT: Final = 72
FIRST_COMMIT_OF_THE_RULE: Final = "d0c707b"
PAGE_SECONDS: Final = 240
BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STATUS: Final = re.compile(r"# ends with status (\d+)$")
LINK: Final = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
PATH: Final = re.compile(r"`((?:schemas|pipeline|agents|tests|docs|\.ci)/[\w./-]+)`")


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int
    shows: str  # what the page says that it prints


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = list(BLOCK.finditer(text))
    following = [*found[1:], None][: len(found)]
    return [
        Block(
            one[1],
            one[2],
            text.count("\n", 0, one.start()) + 1,
            after[2] if after and after[1] == "text" and not text[one.end() : after.start()].strip() else "",
        )
        for one, after in zip(found, following, strict=True)
    ]


def shell(page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.language == "sh"]


def script(page: Path) -> str:
    """All blocks in one session; the output of each comes after a line with its number."""
    start = [] if page == README else shell(README)[:1]
    lines = ["set -u"]
    for number, block in enumerate((*start, *shell(page)), -len(start)):
        lines.append(f"printf '\\n=== {number}\\n'")
        lines += _checked(block, name(page if number >= 0 else README))
    return "\n".join(lines) + "\n"


def _checked(block: Block, page: str) -> list[str]:
    """`set -e` stops at the first command that fails; one that is said to fail is asked for its status."""
    lines = ["set -e"]
    for line in block.text.splitlines():
        said = STATUS.search(line)
        if said is None:
            lines.append(line)
            continue
        wrong = f"{page}:{block.line}: ended with status $status, not {said[1]}"
        lines += ["set +e", line, f'status=$?; [ $status = {said[1]} ] || {{ echo "{wrong}"; exit 99; }}', "set -e"]
    return lines


@pytest.fixture(scope="session")
def after_the_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which `make demo` was run."""
    folder = tmp_path_factory.mktemp("newcomer") / "santunan"
    unwanted = shutil.ignore_patterns(".git", ".venv", ".santunan", "build", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, folder, ignore=unwanted)
    binaries = folder / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for tool, words in (("santunan", " ".join((PROGRAM[0], PROGRAM[1], f"'{PROGRAM[2]}'"))), ("python", PROGRAM[0])):
        (binaries / tool).write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        (binaries / tool).chmod(0o755)
    run(folder, ".venv/bin/santunan demo --fresh")
    return folder


def run(folder: Path, text: str) -> str:
    """What bash prints for `text`. Fails with it where a command fails. Ends what was left running."""
    own = {variable: value for variable, value in os.environ.items() if not variable.startswith("SANTUNAN_")}
    [port] = free_ports(1)  # pages run side by side, and each has a gateway
    address = {"SANTUNAN_WEB_ADDRESS": f"127.0.0.1:{port}"}
    process = subprocess.Popen(  # noqa: S603
        ["bash", "-c", text.replace(Settings.model_fields["web_address"].default, *address.values())],  # noqa: S607
        cwd=folder,
        env={**own, **address, "PYTHONPATH": str(folder), "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        out, _ = process.communicate(timeout=PAGE_SECONDS)
    finally:
        if _is_there(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, out[-4000:]
    return out


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("page", [page for page in PAGES if shell(page)], ids=name)
def test_each_block_of_shell_runs_as_pasted_after_the_demo(page: Path, after_the_demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "santunan"
    shutil.copytree(after_the_demo, folder)
    parts = re.split(r"\n=== (-?\d+)\n", run(folder, script(page)))
    shutil.rmtree(folder)
    printed = dict(zip(map(int, parts[1::2]), parts[2::2], strict=True))
    missing = [
        f"{name(page)}:{block.line} does not print: {line}"
        for number, block in enumerate(shell(page))
        for line in block.shows.splitlines()
        if line.strip() not in ("", "…") and line.strip() not in printed[number]
    ]
    assert missing == []


def test_a_command_that_fails_fails_its_page(tmp_path: Path) -> None:
    failing = _checked(Block("sh", "true\nfalse\ntrue\n", 1, ""), "page")
    with pytest.raises(AssertionError):
        run(tmp_path, "\n".join(failing))
    run(tmp_path, "\n".join(_checked(Block("sh", "true\nfalse  # ends with status 1\ntrue\n", 1, ""), "page")))
    with pytest.raises(AssertionError, match="status 0, not 1"):
        run(tmp_path, "\n".join(_checked(Block("sh", "true  # ends with status 1\n", 1, ""), "page")))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_each_document_of_a_page_is_one(page: Path) -> None:
    """A block is one document; one that has the fields of an event is accepted as an event."""
    known = {"sh", "json", "yaml", "text"}
    assert not re.search(r"^ +```", page.read_text(encoding="utf-8"), re.MULTILINE), "begin a fence at its line's start"
    for block in blocks(page):
        assert block.language in known, f"{name(page)}:{block.line}: fence it as one of {sorted(known)}"
        if block.language == "json":
            document = json.loads(block.text)
            if "specversion" in document:
                parse(block.text.encode())
        elif block.language == "yaml":
            assert yaml.safe_load(block.text) is not None


def anchors(page: Path) -> set[str]:
    """Of headings, as the hosting platforms make them."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_each_link_and_each_path_of_a_page_leads_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for link in LINK.findall(text):
        if re.match(r"https?:|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    broken += [path for path in PATH.findall(text) if not any((ROOT / f"{path}{end}").exists() for end in ("", ".py"))]
    assert broken == []


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(index.read_text("utf-8"))}
    assert [name(page) for page in (ROOT / "docs").rglob("*.md") if page != index and page not in linked] == []


def test_the_page_of_operators_has_every_setting() -> None:
    page = (ROOT / "docs" / "users" / "operators.md").read_text(encoding="utf-8").split("## Settings")[1]
    assert set(re.findall(r"`SANTUNAN_([A-Z0-9_]+)`", page)) == {field.upper() for field in Settings.model_fields}


def test_the_readme_is_read_in_one_sitting() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_THE_README


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_a_decision_has_its_five_headings_and_ends_with_its_test(page: Path) -> None:
    text = page.read_text(encoding="utf-8").strip()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS
    tests = re.findall(r"`(tests/[\w/.-]+)`", text.splitlines()[-1])
    assert tests and all((ROOT / test).exists() for test in tests)


def test_decisions_are_numbered_without_holes() -> None:
    assert DECISIONS and [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def folders() -> list[str]:
    """Those that hold sources, as the tree of the architecture page writes them: two blanks a level."""
    found = {
        folder
        for top in ("schemas", "pipeline", "agents", "tests")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
        for folder in path.relative_to(ROOT).parents
        if folder.parts
    }
    return ["  " * (len(folder.parts) - 1) + folder.name + "/" for folder in sorted(found, key=lambda one: one.parts)]


def test_the_tree_of_the_architecture_page_is_that_of_the_folders() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    tree = text.split("<!-- tree -->")[1].split("<!-- end of tree -->")[0]
    shown = [line for line in tree.splitlines() if re.match(r" *[\w-]+/", line)]
    names = [line[: line.index("/") + 1] for line in shown]
    real = folders()
    assert sorted(_full(names)) == sorted(_full(real))


def _full(lines: list[str]) -> list[str]:
    """`tests/law` for a line two blanks below `tests/`."""
    above: list[str] = []
    found = []
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // 2
        above = [*above[:depth], line.strip()]
        found.append("".join(above))
    return found


def test_each_commit_since_the_rule_has_a_short_subject() -> None:
    """Where there is no git, or not this part of the history, there is nothing to look at."""
    git = shutil.which("git")
    if git is None:
        found = []
    else:
        since = f"{FIRST_COMMIT_OF_THE_RULE}..HEAD"
        log = subprocess.run(  # noqa: S603
            [git, "log", "--format=%h %s", since], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        found = log.stdout.splitlines() if log.returncode == 0 else []
    long = [line for line in found if len(line.split(" ", 1)[-1]) > MOST_LETTERS_OF_A_SUBJECT]
    assert long == []
