"""Scans of every kind, small, and what is none."""

import hashlib
from typing import Final

PDF: Final = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"
JPEG: Final = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
PNG: Final = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000049454e44ae426082")
KINDS: Final = {"application/pdf": PDF, "image/jpeg": JPEG, "image/png": PNG}


def name_of(paper: bytes) -> str:
    return hashlib.sha256(paper).hexdigest()


def pdf(text: str) -> bytes:
    """Another paper for each text."""
    return PDF + f"% {text}\n".encode()
