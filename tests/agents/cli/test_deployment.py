"""`santunan doctor --deploy`: each thing that must not meet a network is found, and named with what mends it."""

import datetime as dt
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.cli import deployment
from agents.settings import Settings, read_settings
from pipeline.access.principals import new_principal
from pipeline.store.access_book import open_access
from pipeline.store.backup import Contents, back_up
from pipeline.store.link_book import LinkBook
from pipeline.store.sign_in_book import SignInBook
from tests.support.command_line import santunan
from tests.support.identity_provider import CLIENT_ID, running_provider
from tests.support.site import Site

NOW = dt.datetime.now(dt.UTC)
HOUR = dt.timedelta(hours=1)
STRONG = "7d1f9c04b6e85a2377c0e1d94fb2a6d8"
MEMORY = Path("/dev/shm")  # noqa: S108  # another disk than that of temporary files


@pytest.fixture
def store(tmp_path: Path) -> str:
    """An embedded store."""
    url = f"sqlite:///{tmp_path}/santunan.db"
    Site(url).close()
    return url


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another disk."""
    folder = Path(tempfile.mkdtemp(prefix="santunan-backups-", dir=MEMORY))
    yield folder
    shutil.rmtree(folder)


def kafka(**change: Any) -> Settings:
    password = change.pop("password", STRONG)
    given = {"kafka_security_protocol": "SASL_SSL", "kafka_user": "worker", "kafka_password": STRONG, **change}
    url = f"postgresql://santunan_worker:{password}@127.0.0.1/santunan"
    return read_settings(database_url=url, broker_url="kafka+chunks://127.0.0.1:1", **given)


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("PLAINTEXT", ["everybody on the way can read", "does not learn who writes"]),
        ("SASL_PLAINTEXT", ["everybody on the way can read"]),
        ("SSL", ["does not learn who writes"]),
        ("SASL_SSL", []),
    ],
)
def test_kafka_needs_tls_and_names(protocol: str, said: list[str]) -> None:
    found = deployment.broker(kafka(kafka_security_protocol=protocol))
    assert len(found) == len(said) and all(words in one for words, one in zip(said, found, strict=True)), found


@pytest.mark.parametrize("password", ["santunan", "santunan_worker2026!", "password12345", "postgres"])
def test_a_password_that_is_tried_first_is_found_and_not_shown(password: str) -> None:
    for settings, name in (
        (kafka(password=password), "SANTUNAN_DATABASE_URL"),
        (kafka(kafka_password=password), "SANTUNAN_KAFKA_PASSWORD"),
    ):
        [found] = deployment.passwords(settings)
        assert name in found and password not in found
    assert deployment.passwords(kafka()) == []


def test_a_worker_over_kafka_needs_the_key_of_attestations(tmp_path: Path) -> None:
    [found] = deployment.attestation(kafka())
    assert "believes whoever can write a topic" in found and deployment.attestation(read_settings()) == []
    key = tmp_path / "key"
    key.write_text("short")
    assert "holds no key" in deployment.attestation(kafka(attestation_key_file=key))[0]
    key.write_text(STRONG)
    assert deployment.attestation(kafka(attestation_key_file=key)) == []
    key.chmod(0o644)
    assert f"{key} has mode 0644" in deployment.files(kafka(attestation_key_file=key))[0]


def test_secrets_in_a_server_of_a_database_are_to_be_sealed(tmp_path: Path) -> None:
    [found] = deployment.sealing(kafka())
    assert "santunan access seal" in found and deployment.sealing(read_settings()) == []
    (tmp_path / "key").write_text(STRONG)
    assert deployment.sealing(kafka(secrets_key_file=tmp_path / "key")) == []


def test_a_file_that_others_can_read_is_found_with_its_mode(store: str, tmp_path: Path) -> None:
    secret, backups = tmp_path / "oidc", tmp_path / "backups"
    secret.write_text("x")
    backups.mkdir(mode=0o700)
    (backups / "monday.db").write_text("x")
    settings = read_settings(
        database_url=store, oidc_client_secret_file=secret, login_file=tmp_path / "none", backup_folder=backups
    )
    for path in (secret, backups / "monday.db"):
        path.chmod(0o600)
    assert deployment.files(settings) == []
    for path, mode in ((secret, 0o644), (backups / "monday.db", 0o640), (tmp_path / "santunan.db", 0o604)):
        before = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode)
        assert deployment.files(settings) == [f"{path} has mode {mode:04o}, so others can read it: chmod 600 {path}"]
        path.chmod(before)
    backups.chmod(0o755)
    assert deployment.files(settings) == [f"{backups} has mode 0755, so others can read it: chmod 700 {backups}"]


def test_settings_with_a_password_are_a_private_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("santunan.toml").write_text(f'kafka_password = "{STRONG}"\n')
    Path("santunan.toml").chmod(0o644)
    [found] = deployment.files(read_settings())
    assert "santunan.toml has mode 0644" in found
    Path("santunan.toml").write_text("partitions = 1\n")
    assert deployment.files(read_settings()) == []


def backed_up(store: str, file: Path) -> None:
    def check(copy: Path, contents: Contents) -> None:
        assert contents.records == 0

    source = Path(store.removeprefix("sqlite:///"))
    back_up(source, file, is_replacing=True, check=check, report=lambda done, of: None)


def test_a_backup_is_whole_young_and_on_another_disk(store: str, tmp_path: Path, elsewhere: Path) -> None:
    def found(folder: Path | None) -> list[str]:
        return deployment.backup(read_settings(database_url=store, backup_folder=folder))

    assert "no backup is known" in found(None)[0]
    assert "is no folder" in found(tmp_path / "none")[0]
    (elsewhere / "notes.txt").write_text("monday")
    assert "holds no backup" in found(elsewhere)[0]
    backed_up(store, elsewhere / "monday.db")
    assert found(elsewhere) == []
    for hours, is_old in ((25, False), (27, True)):
        then = (NOW - hours * HOUR).timestamp()
        os.utime(elsewhere / "monday.db", (then, then))
        assert [f"{hours} hours old" in one for one in found(elsewhere)] == [True] * is_old
    near = tmp_path / "near"
    near.mkdir()
    backed_up(store, near / "monday.db")
    [said] = found(near)
    assert "on the disk of the store" in said


@pytest.mark.parametrize(
    ("address", "url", "said"),
    [
        ("127.0.0.1:8080", "https://santunan.example", []),
        ("0.0.0.0:8080", "https://santunan.example", []),  # noqa: S104
        ("127.0.0.1:8080", None, ["not Secure"]),
        ("0.0.0.0:8080", None, ["not Secure", "beyond this machine"]),  # noqa: S104
        ("[::]:8080", "http://santunan.example", ["not Secure", "beyond this machine"]),
    ],
)
def test_the_gateway_needs_tls_before_it(address: str, url: str | None, said: list[str]) -> None:
    found = deployment.gateway(read_settings(web_address=address, web_url=url))
    assert len(found) == len(said) and all(words in one for words, one in zip(said, found, strict=True)), found


def test_an_identity_provider_is_asked_and_its_persons_looked_up(store: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with open_access(store) as book:
        book.add(new_principal("officer", "siti"), "test", NOW)
    with running_provider() as provider:

        def found(**change: Any) -> list[str]:
            given = {
                "oidc_issuer": provider.issuer,
                "oidc_client_id": CLIENT_ID,
                "oidc_client_secret_file": tmp_path / "secret",
                "oidc_principals": {"x": "officer:siti"},
                "web_url": "https://santunan.example",
            }
            return deployment.identity_provider(read_settings(database_url=store, **given | change))

        assert found() == []
        assert "by no secret" in found(oidc_client_secret_file=None)[0]
        assert "officer:budi, who may not act" in found(oidc_principals={"x": "officer:budi"})[0]
        assert "SECRET_FILE cannot be read" in found(oidc_client_secret_file=tmp_path / "none")[0]
        assert "does not answer" in found(oidc_issuer="http://127.0.0.1:1")[0]
        provider.said_issuer = "https://evil.example"
        assert "not to be believed (ISSUER)" in found()[0]
    assert deployment.identity_provider(read_settings(database_url=store)) == []


def test_doors_of_the_demo_are_found(store: str) -> None:
    settings, now = read_settings(database_url=store), dt.datetime.now(dt.UTC)  # a session of the demo is soon idle
    assert deployment.demo_links(settings) == []
    name = "urn:santunan:officer:siti"
    with open_access(store) as book:
        book.add(new_principal("officer", "siti"), "test", now)
        LinkBook(book).make("demo", name, "test", now)
        SignInBook(book).begin(name, "DEMO", None, now)
        SignInBook(book).begin(name, "PASSWORD_AND_CODE", None, now)
    assert [one.partition(":")[0] for one in deployment.demo_links(settings)] == [
        "urn",
        "1 links of the demo can still be used",
    ]


def test_the_command_fails_and_says_what_mends_it(store: str, tmp_path: Path, elsewhere: Path) -> None:
    backed_up(store, elsewhere / "monday.db")
    good = {
        "SANTUNAN_DATABASE_URL": store,
        "SANTUNAN_BACKUP_FOLDER": str(elsewhere),
        "SANTUNAN_WEB_URL": "https://santunan.example",
    }
    well = santunan("doctor", "--deploy", "--json", cwd=tmp_path, **good)
    assert well.status == 0, well.out
    assert {"backup", "private files", "TLS of the gateway"} <= {one["what"] for one in well.rows[0]["findings"]}
    (tmp_path / "santunan.db").chmod(0o644)
    bad = santunan("doctor", "--deploy", "--json", cwd=tmp_path, **good)
    wrong = [one for one in bad.rows[0]["findings"] if not one["is_well"]]
    assert bad.status == 1 and {one["what"] for one in wrong} == {"private files"}
    assert "chmod 600" in wrong[0]["told"]
    assert santunan("doctor", cwd=tmp_path, **good).status == 0, "without --deploy it is not asked"
