"""Dossiers as one file: a zip that opens without this program, with a page that says how to check it by common tools.

The same state of a claim is the same bytes: no clock is in it but those of the ledger. Letters are PDF, too, where the
extra `pdf` is installed.
"""

import base64
import hashlib
import inspect
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import pipeline.ledger.verifier as verifier
from agents.letters import is_installed, letter_pdf
from agents.web.printing import explanation_html, template
from pipeline.operations.dossier import Dossier, DossierPaper
from pipeline.queries.claim_proofs import ProvedEvent
from schemas.clock import JAKARTA

MEDIA_TYPE: Final = "application/zip"
SUMS: Final = "SHA256SUMS"
FOR_ALL_RECEIPTS: Final = (
    'for r in */*.receipt; do f="${r%.receipt}"; set --; if test -f "$f"; then set -- --event "$f"; fi; '
    'python3 -I verifier.py "$r" --key proofs/ledger.pub "$@" || exit 1; done'
)
CHECK_SIGNATURE: Final = (
    "openssl pkeyutl -verify -pubin -inkey proofs/ledger.pem -rawin "
    "-in proofs/checkpoint.message -sigfile proofs/checkpoint.sig"
)
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold
_ENDINGS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
File = tuple[str, Iterable[bytes]]


def write_dossier(dossier: Dossier, to: IO[bytes]) -> None:
    """Raises NotReady where a paper is gone, Transient."""
    sums = []
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for name, parts in _files(dossier):
            sums.append(f"{_put(packed, name, parts)}  {name}\n")
        _put(packed, SUMS, ["".join(sorted(sums, key=lambda line: line[66:])).encode()])


def file_name(dossier: Dossier) -> str:
    """It holds no claim: a file in a list of downloads is seen by others."""
    return f"santunan-dossier{'' if dossier.is_full else '-masked'}.zip"


def _put(packed: zipfile.ZipFile, name: str, parts: Iterable[bytes]) -> str:
    """The SHA-256 of what was written."""
    entry, digest = zipfile.ZipInfo(name, _EPOCH), hashlib.sha256()
    entry.external_attr, entry.compress_type, entry.create_system = 0o644 << 16, zipfile.ZIP_DEFLATED, 3
    with packed.open(entry, "w", force_zip64=True) as file:
        for part in parts:
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def _files(dossier: Dossier) -> Iterator[File]:
    """All but the checksums. Raises as `write_dossier`."""
    proved = dossier.proved
    events = [(_event_name(number, one), one) for number, one in enumerate(proved.events, 1)]
    outputs = [
        (f"outputs/{number:04}-{one.topic}.json", orjson.loads(one.content)["id"], one)
        for number, one in enumerate(proved.outputs, 1)
    ]
    letters = [
        (f"letters/{one.revision:04}-{one.explanation.language}", one, one.explanation) for one in dossier.letters
    ]
    papers = [(_paper_name(one), one) for one in dossier.papers]
    proofs = dict(_proofs(dossier))
    page = template("dossier.html").render(
        dossier=dossier,
        events=events,
        outputs=outputs,
        letters=letters,
        decided={one.revision: one.decided_at for one in dossier.decisions},
        papers=papers,
        proofs=proofs,
        unsigned=proved.unsigned,
        commands=[f"sha256sum -c {SUMS}", CHECK_SIGNATURE, FOR_ALL_RECEIPTS],
        when=lambda at: f"{at.astimezone(JAKARTA):%Y-%m-%d %H:%M:%S} WIB",
        has_pdf=is_installed(),
    )
    yield "index.html", [page.encode()]
    yield "dossier.json", [_summary(dossier, events, papers)]
    for name, event in events:
        if dossier.is_full:
            yield name, [event.content]
        yield from _receipt(name, event.receipt)
    for name, _, output in outputs:
        yield name, [output.content]
        yield from _receipt(name, output.receipt)
    for name, _, said in letters:
        yield f"{name}.html", [explanation_html(said).encode()]
        if is_installed():
            yield f"{name}.pdf", [letter_pdf(said, with_record=True)]
    for name, paper in papers:
        if paper.files is not None:
            yield name, paper.content()
    if dossier.law is not None:
        yield "law/numbers.json", [_json(dossier.law)]
    for name, content in proofs.items():
        yield name, [content]
    yield "verifier.py", [inspect.getsource(verifier).encode()]


def _event_name(number: int, event: ProvedEvent) -> str:
    return f"{'events' if event.reason is None else 'refused'}/{number:04}.json"


def _paper_name(paper: DossierPaper) -> str:
    return f"papers/{paper.sha256}.{_ENDINGS.get(paper.media_type or '', 'bin')}"


def _receipt(name: str, receipt: dict[str, object] | None) -> Iterator[File]:
    if receipt is not None:
        yield f"{name}.receipt", [_json(receipt)]


def _proofs(dossier: Dossier) -> Iterator[tuple[str, bytes]]:
    """The checkpoint as it was signed; message, signature and key apart, as `openssl` wants them."""
    note = dossier.proved.note
    if note is None:
        return
    yield "proofs/checkpoint.txt", note.encode()
    if not dossier.keys:
        return
    yield "proofs/ledger.pub", "".join([f"{key}\n" for key in dossier.keys]).encode()
    body, _, signatures = note.rpartition("\n\n")
    known = {verifier.key_id(name, raw): raw for name, raw in map(verifier.read_key, dossier.keys)}
    for line in signatures.splitlines():
        signed = base64.b64decode(line.split(" ")[2], validate=True)
        if (public := known.get(signed[:4])) is not None:
            yield "proofs/checkpoint.message", f"{body}\n".encode()
            yield "proofs/checkpoint.sig", signed[4:]
            key = Ed25519PublicKey.from_public_bytes(public)
            yield "proofs/ledger.pem", key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            return


def _summary(dossier: Dossier, events: list[tuple[str, ProvedEvent]], papers: list[tuple[str, DossierPaper]]) -> bytes:
    return _json(
        {
            "format": "santunan-dossier/1",
            "claim_id": dossier.claim_id,
            "is_full": dossier.is_full,
            "checkpoint_signed_at": dossier.proved.signed_at,
            "events": [
                {
                    "file": name,
                    "place": one.place,
                    "sha256": hashlib.sha256(one.content).hexdigest() if dossier.is_full else None,
                    "source": one.source,
                    "id": one.event_id,
                    "type": one.type,
                    "at": one.at,
                    "refused_for": one.reason,
                    "is_signed": one.receipt is not None,
                }
                for name, one in events
            ],
            "decisions": [
                {
                    "revision": one.revision,
                    "outcome": one.outcome,
                    "reason_codes": one.reason_codes,
                    "total": one.total,
                    "decided_at": one.decided_at,
                }
                for one in dossier.decisions
            ],
            "papers": [{"file": name, "sha256": one.sha256, "document": one.document} for name, one in papers],
        }
    )


def _json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
