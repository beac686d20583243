"""Where papers are kept: a folder and a bucket alike, and what the virus scanner and a full disk do."""

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from agents import papers as place
from agents.papers import PaperFolder, folder
from agents.papers.scanner import Scanner
from agents.settings import Settings, read_settings
from pipeline.errors import NotReady, Transient
from tests.support.papers import PDF, name_of, pdf

BUCKET = "papers-of-tests"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def open_papers(settings: Settings) -> PaperFolder:
    opened = place.open_papers(settings)
    assert opened is not None
    return opened


def folder_of(settings: Settings) -> Path:
    assert settings.papers_place is not None
    return settings.papers_place


def credentials(where: Path) -> Path:
    file = where / "credentials"
    file.write_text("[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = secret-of-tests\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def bucket(tmp_path: Path, endpoint: str) -> Settings:
    import boto3

    keys = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": "secret-of-tests"}
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys).create_bucket(Bucket=BUCKET)
    return read_settings(
        papers_folder=tmp_path / "papers",
        papers_s3_bucket=BUCKET,
        papers_s3_endpoint=endpoint,
        papers_s3_region="us-east-1",
        papers_s3_credentials=credentials(tmp_path),
    )


@pytest.fixture(params=["folder", "bucket"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "bucket":
        return request.getfixturevalue("bucket")
    return read_settings(papers_folder=tmp_path / "papers")


def kept(papers: PaperFolder, content: bytes) -> str:
    draft = papers.begin()
    try:
        for start in range(0, len(content), 7):
            draft.write(content[start : start + 7])
        assert (draft.size, draft.head, draft.digest) == (len(content), content[:8], name_of(content))
        draft.keep("application/pdf")
    finally:
        draft.close()
    return name_of(content)


def test_a_paper_is_read_as_it_was_written_and_again_after_a_restart(settings: Settings) -> None:
    content = pdf("x" * 200_000)
    name = kept(open_papers(settings), content)
    again = open_papers(settings)
    assert b"".join(again.read(name)) == content
    kept(again, content)
    assert b"".join(again.read(name)) == content
    assert list(folder_of(settings).glob("draft-*")) == []


def test_a_draft_that_was_not_kept_leaves_nothing(settings: Settings) -> None:
    papers = open_papers(settings)
    draft = papers.begin()
    draft.write(pdf("dropped"))
    assert stat.S_IMODE(draft.path.stat().st_mode) == 0o600
    draft.close()
    assert [one for one in folder_of(settings).rglob("*") if one.is_file()] == []
    with pytest.raises(NotReady, match="is no longer in its"):
        papers.read(name_of(pdf("dropped")))


def test_the_bucket_says_what_kind_a_paper_is_and_no_file_of_it_stays_here(bucket: Settings) -> None:
    papers: Any = open_papers(bucket)
    name = kept(papers, pdf("kind"))
    assert papers._client.head_object(Bucket=BUCKET, Key=f"papers/{name}")["ContentType"] == "application/pdf"
    assert [one for one in folder_of(bucket).rglob("*") if one.is_file()] == []


def test_a_store_that_is_away_is_no_fault_of_the_sender(bucket: Settings) -> None:
    papers = open_papers(bucket.model_copy(update={"papers_s3_endpoint": "http://127.0.0.1:9"}))
    with pytest.raises(Transient, match="does not answer as it should"):
        kept(papers, PDF)
    with pytest.raises(Transient):
        papers.read(name_of(PDF))


@pytest.mark.parametrize("text", ["", "[default]\naws_access_key_id = a\n", "no section"])
def test_credentials_that_are_incomplete_are_one_sentence(text: str, bucket: Settings) -> None:
    assert bucket.papers_s3_credentials is not None
    bucket.papers_s3_credentials.write_text(text)
    with pytest.raises(NotReady, match=r"SANTUNAN_PAPERS_S3_CREDENTIALS: .* \[default\]"):
        open_papers(bucket)


def test_a_full_disk_is_to_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    papers = open_papers(read_settings(papers_folder=tmp_path / "papers"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Transient, match="No space left"):
        kept(papers, PDF)
    assert [one for one in (tmp_path / "papers").rglob("*") if one.is_file()] == []


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "papers").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotReady, match="is a link"):
        open_papers(read_settings(papers_folder=tmp_path / "papers"))


def test_drafts_of_a_killed_process_are_removed_and_those_of_today_stay(tmp_path: Path) -> None:
    papers = open_papers(read_settings(papers_folder=tmp_path))
    old, young = papers.begin(), papers.begin()
    then = time.time() - folder.LEFT_SECONDS - 1
    os.utime(old.path, (then, then))
    open_papers(read_settings(papers_folder=tmp_path))
    assert (old.path.exists(), young.path.exists()) == (False, True)
    for draft in (old, young):
        draft.close()


def test_the_place_of_papers_is_beside_the_embedded_store_unless_it_is_set(tmp_path: Path) -> None:
    beside = read_settings(database_url=f"sqlite:///{tmp_path}/store/santunan.db")
    assert beside.papers_place == tmp_path / "store" / "papers"
    assert read_settings(papers_folder=tmp_path).papers_place == tmp_path
    on_kafka = {"database_url": "postgresql://u@127.0.0.1:1/x", "broker_url": "kafka+chunks://127.0.0.1:1"}
    assert place.open_papers(read_settings(**on_kafka)) is None
    with pytest.raises(NotReady, match="SANTUNAN_PAPERS_FOLDER: give a folder"):
        open_papers(read_settings(**on_kafka, papers_s3_bucket=BUCKET))


# --- the virus scanner

SCANNER = "import pathlib, sys; sys.exit(b'EICAR' in pathlib.Path(sys.argv[1]).read_bytes())"


@pytest.fixture
def scanning(tmp_path: Path) -> Callable[[bytes], bool]:
    papers = PaperFolder(tmp_path / "papers", Scanner(f'{sys.executable} -c "{SCANNER}"'))

    def is_safe(content: bytes) -> bool:
        draft = papers.begin()
        draft.write(content)
        try:
            return draft.is_safe()
        finally:
            draft.close()

    return is_safe


def test_the_scanner_sees_all_of_a_paper_and_its_status_decides(scanning: Callable[[bytes], bool]) -> None:
    assert scanning(PDF) and not scanning(pdf("EICAR"))


def test_a_scanner_that_does_not_end_is_stopped_and_the_paper_waits(tmp_path: Path) -> None:
    (tmp_path / "paper").write_bytes(PDF)
    began = time.monotonic()
    with pytest.raises(Transient, match="did not answer"):
        Scanner(f'{sys.executable} -c "import time; time.sleep(60)"', seconds=0.5).passes(tmp_path / "paper")
    assert time.monotonic() - began < 20


def test_a_scanner_that_is_not_installed_is_noticed_at_the_start() -> None:
    with pytest.raises(NotReady, match="there is no program no-such-scanner"):
        open_papers(read_settings(papers_scanner="no-such-scanner --quiet"))
