"""The compiled program is the same program: in every case of the rules, and byte for byte in what it decides of a file
of claims and in what a worker stores and publishes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.store.tables import metadata
from tests.bench.workload import claims, members
from tests.support.histories import history
from tests.support.site import Site

ROOT = Path(__file__).parents[2]
MINUTES = 60
HISTORIES = 20


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which Python finds the compiled program before the sources."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler here; the sources are used as they are")
    sources = tmp_path_factory.mktemp("sources")
    for name in ("agents", "pipeline", "schemas"):
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, sources / name)
    target = tmp_path_factory.mktemp("compiled")
    install = [
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
        "--no-compile",
    ]
    command = [sys.executable, "-m", *install, "--target", str(target), str(sources)]
    _run(command, {**os.environ, "SANTUNAN_COMPILED": "1", "SANTUNAN_OPTIMISED": "0"})
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": f"{target}{os.pathsep}{ROOT}"}
    where = _run([sys.executable, "-c", "import pipeline.claims.rules.table as t; print(t.__file__)"], environment)
    assert where.startswith(str(target).encode()) and b".py" not in where, "the compiled module is the one that is used"
    return environment


@pytest.mark.timeout(20 * MINUTES)
def test_every_case_of_the_rules_is_decided_the_same(compiled: dict[str, str]) -> None:
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "-p", "no:cacheprovider", "-n", "0"]
    output = _run([*command, str(ROOT / "tests" / "rules"), str(ROOT / "tests" / "claims" / "test_desk.py")], compiled)
    assert b"passed" in output and b"skipped" not in output


@pytest.mark.timeout(20 * MINUTES)
def test_a_file_of_claims_is_decided_byte_for_byte_the_same(compiled: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(one.value for one in (*members(40), *claims(400, 40))) + b"\n")
    command = [sys.executable, "-c", "from agents.cli import main; main()", "assess", str(file)]
    decided = _run(command, compiled)
    assert decided.count(b"\n") == 400 and decided == _run(command, dict(os.environ))


@pytest.mark.timeout(20 * MINUTES)
def test_a_worker_stores_and_publishes_byte_for_byte_the_same(compiled: dict[str, str], tmp_path: Path) -> None:
    script = "import sys; from tests.contract.test_compiled import tell_histories; tell_histories(sys.argv[1])"
    shown = [
        _run([sys.executable, "-c", script, str(directory)], environment)
        for directory, environment in ((tmp_path / "compiled", compiled), (tmp_path / "sources", dict(os.environ)))
    ]
    for table, at_least in (("decisions", 250), ("paid_lines", 15), ("dead_letters", 250), ("cases", 50)):
        assert shown[0].count(f"{table} (".encode()) >= at_least
    assert shown[0] == shown[1]


def tell_histories(directory: str) -> None:
    """Everything that a worker stores of each history, and publishes, printed; but what differs in each store: the
    time, the identity of the log, and what the drawn salts of the ledger lead to."""
    drawn = {"timestamp_ms", "salts", "entries", "frontier"}
    Path(directory).mkdir()
    for seed in range(HISTORIES):
        site = Site(f"sqlite:///{directory}/{seed}.db")
        site.run(*history(seed, 60), size=9, together=3)
        for table in metadata.sorted_tables:
            if table.name == "log_identity":
                continue
            columns = [f'"{one.name}"' for one in table.columns if one.name not in drawn]
            for row in sorted(site.rows(f"SELECT {', '.join(columns)} FROM {table.name}"), key=repr):  # noqa: S608
                print(seed, table.name, row)
        site.close()


def _run(command: list[str], environment: dict[str, str]) -> bytes:
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr.decode()[-4000:] + done.stdout.decode()[-4000:]
    return done.stdout
