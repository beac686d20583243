"""Scanned papers: a folder of this machine or a bucket of an S3 store, and the virus scanner."""

from agents.papers.folder import PaperFolder
from agents.papers.scanner import Scanner
from agents.settings import Settings
from pipeline.errors import NotReady

__all__ = ["PaperFolder", "open_papers"]


def open_papers(settings: Settings) -> PaperFolder | None:
    """None: no place is set. Raises NotReady where the folder, the credentials or the scanner cannot be used."""
    scanner = Scanner(settings.papers_scanner)
    if settings.papers_place is None:
        if settings.papers_s3_bucket is not None:
            raise NotReady("SANTUNAN_PAPERS_FOLDER: give a folder for papers on their way to the bucket")
        return None
    if settings.papers_s3_bucket is None:
        return PaperFolder(settings.papers_place, scanner)
    try:
        from agents.papers.bucket import PaperBucket
    except ImportError:
        raise NotReady("papers in a bucket need the package's extra: pip install 'santunan[s3]'") from None
    return PaperBucket(settings, settings.papers_place, scanner)
