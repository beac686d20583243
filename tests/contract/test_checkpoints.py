"""Checkpoints in their topic: in the embedded log with the signature, over Kafka after it."""

from pathlib import Path

from agents.checkpoints import send_checkpoints
from agents.clients import open_history
from agents.settings import Settings
from pipeline.audit.ledger_check import verify
from pipeline.ledger.verifier import opened
from schemas import topics
from tests.support.ledgers import KEY, PUBLIC, fill, sign
from tests.support.site import Site


def test_the_embedded_log_has_each_checkpoint_and_a_note_of_each_tree(tmp_path: Path) -> None:
    site = Site(f"sqlite:///{tmp_path}/santunan.db")
    for minute in range(3):
        fill(site, 20 * minute)
        sign(site, minute)
    assert sign(site, 4) is None
    kept: dict[str, list[str]] = {}
    for entry in site.log.read(0, (topics.CHECKPOINTS,)):
        kept.setdefault((entry.key or b"").decode(), []).append(entry.value.decode())
    assert kept.keys() == {f"santunan.test/{tree}" for tree in ("heads", "0", "1", "audit")}
    assert [opened(note, PUBLIC).size for note in kept["santunan.test/heads"]] == [3, 6, 9]
    assert verify(site.store, keys=PUBLIC, against=kept["santunan.test/heads"]).findings == ()
    for tree in ("0", "1", "audit"):
        sizes = [opened(note, [KEY.of_tree(tree).public()]).size for note in kept[f"santunan.test/{tree}"]]
        assert len(sizes) == 3 and sizes == sorted(sizes)
    site.close()


def test_kafka_has_what_was_signed(kafka_settings: Settings, tmp_path: Path) -> None:
    site = Site(f"sqlite:///{tmp_path}/santunan.db")
    fill(site)
    signed = sign(site)
    assert signed is not None
    send_checkpoints(kafka_settings, signed.messages())
    with open_history(kafka_settings) as history:
        found = {(one.key, one.value) for one in history.read((topics.CHECKPOINTS,))}
    assert found == {(one.key, one.value) for one in signed.messages()} and len(found) == 4
    site.close()
