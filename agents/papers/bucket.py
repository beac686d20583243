"""Papers in a bucket of an S3 store. Drafts are files of this machine; a paper is in the bucket when it is accepted."""

import base64
import configparser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from agents.papers.folder import PART_BYTES, Draft, PaperFolder
from agents.papers.scanner import Scanner
from agents.settings import Settings
from pipeline.errors import NotReady, Transient
from pipeline.private_files import read_private

PREFIX: Final = "papers/"
_NAMES: Final = ("aws_access_key_id", "aws_secret_access_key")


class PaperBucket(PaperFolder):
    """Raises NotReady where the file of credentials is missing, another user's, or incomplete."""

    def __init__(self, settings: Settings, drafts: Path, scanner: Scanner) -> None:
        super().__init__(drafts, scanner)
        assert settings.papers_s3_bucket is not None
        self._bucket = settings.papers_s3_bucket
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=settings.papers_s3_endpoint,
            region_name=settings.papers_s3_region,
            config=Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 3}),
            **(_credentials(settings.papers_s3_credentials) if settings.papers_s3_credentials else {}),
        )

    def take(self, draft: Draft, media_type: str) -> None:
        """The store compares the SHA-256 with what reached it. Raises Transient."""
        digest = base64.b64encode(bytes.fromhex(draft.digest)).decode()
        try:
            with draft.path.open("rb") as file:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=PREFIX + draft.digest,
                    Body=file,
                    ContentType=media_type,
                    ChecksumSHA256=digest,
                )
        except (BotoCoreError, ClientError) as error:
            raise _away(error) from None

    def read(self, sha256: str) -> Iterator[bytes]:
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=PREFIX + sha256)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                raise NotReady(f"the paper {sha256[:12]}… is no longer in its bucket; restore the bucket") from None
            raise _away(error) from None
        except BotoCoreError as error:
            raise _away(error) from None
        parts: Iterator[bytes] = found["Body"].iter_chunks(PART_BYTES)
        return parts


def _away(error: Exception) -> Transient:
    """Without the message of the library, which may name what was sent."""
    return Transient(f"the store of papers does not answer as it should ({type(error).__name__}): try again")


def _credentials(file: Path) -> dict[str, str]:
    """From the [default] section of a file as the tools of AWS write it."""
    found = configparser.ConfigParser()
    try:
        found.read_string(read_private(file).decode())
        section = found["default"]
        return {name: section[name] for name in _NAMES}
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError):
        raise NotReady(
            f"SANTUNAN_PAPERS_S3_CREDENTIALS: {file} cannot be read; write a section [default] with "
            f"{' and '.join(_NAMES)}"
        ) from None
