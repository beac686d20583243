"""Reports of processed chunks, for metrics and the event log."""

import time
from collections import Counter
from dataclasses import dataclass, field

from pipeline.processing.ports import Effects


@dataclass(slots=True)
class Report:
    """`seconds` by step (load, decide, write, commit): of the whole batch, in the report of its first chunk.

    `decisions`: how many by (program, outcome, main reason); `refusals`: by reason. `effects`: what it left behind,
    None where all of it was stored before.
    """

    topic: str
    partition: int
    attempts: int = 0
    redelivered: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    decisions: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    effects: Effects | None = None

    def lap(self, step: str, started: float) -> float:
        now = time.perf_counter()
        self.seconds[step] = now - started
        return now

    def note(self, effects: Effects) -> None:
        self.effects = effects
        account = effects.account
        self.accepted, self.duplicates, self.refused = account.accepted, account.duplicates, account.refused
        self.refusals.update(letter.reason for letter in effects.dead_letters)
        self.decisions.update((one.program, one.outcome, one.reason_codes[0]) for one in effects.decisions)
