"""Logs refused events and decisions of a chunk, with the ids of claim and event in fields of their own.

A line holds codes and places, never text of a sender. Logged after the commit, so that a chunk that is tried again is
logged once. Never imports a store.
"""

import logging
from typing import Final

from pipeline.processing.ports import Effects

MOST_REFUSALS: Final = 10  # of one chunk: a sender of nothing but mistakes must not fill the disk with our log

NOT_ATTESTED: Final = "NOT_ATTESTED"

log = logging.getLogger("santunan.events")
security = logging.getLogger("santunan.security")


def log_events(effects: Effects) -> None:
    """Refused events at INFO, decisions at DEBUG. What came past the gateway is a security event, one line a chunk."""
    place = {"topic": effects.topic, "partition": effects.partition}
    past = [letter.offset for letter in effects.dead_letters if letter.reason == NOT_ATTESTED]
    if past:
        extra = {**place, "offset": past[0], "reason": NOT_ATTESTED}
        security.warning("%d events came past the gateway and were refused; the first is named", len(past), extra=extra)
    for letter in effects.dead_letters[:MOST_REFUSALS]:
        ids = {"source": letter.source, "event_id": letter.event_id, "reason": letter.reason}
        log.info("event refused", extra={**place, "offset": letter.offset, **ids})
    more = len(effects.dead_letters) - MOST_REFUSALS
    if more > 0:
        log.info("%d more events of this chunk were refused; the topic of dead letters has them", more, extra=place)
    if not log.isEnabledFor(logging.DEBUG):
        return
    for decision in effects.decisions:
        ids = {"claim_id": decision.claim_id, "event_id": decision.caused_by.id, "source": decision.caused_by.source}
        result = {"program": decision.program, "outcome": decision.outcome, "reason": decision.reason_codes[0]}
        log.debug("claim decided", extra={**place, **ids, "revision": decision.revision, **result})
