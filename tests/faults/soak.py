"""`python -m tests.faults.soak MINUTES`: every fault, one after the other.

The last line is one JSON object; the status is 0 where no event was lost, doubled or out of order, no money was
wrong by person, and every invariant held.
"""

import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.dying_worker import KAFKA_STEPS
from tests.faults.storm import Kept, Storm


def one_turn(storm: Storm, chance: random.Random) -> None:
    for step in KAFKA_STEPS:
        storm.kill_at("w0", step, chance.randint(1, 3))
    storm.kill_after("w0", chance.uniform(0.0, 2.0))
    host = Kept(storm, "host", is_static=False)
    storm.breathe()
    storm.rebalance(kill=chance.random() < 0.3)
    if chance.random() < 0.3:
        storm.zombie()
    storm.restart_broker(chance.choice((signal.SIGTERM, signal.SIGKILL)))
    storm.breathe()
    storm.restart_database(chance.choice((signal.SIGINT, signal.SIGQUIT)))
    storm.breathe()
    host.close()
    storm.restart_database_while_committing("committer")


def main() -> int:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6)
    print(f"{minutes:g} minutes, seed {seed}", flush=True)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="santunan-soak-") as folder:
        storm = Storm(Path(folder))
        try:
            until = time.monotonic() + minutes * 60
            while time.monotonic() < until:
                one_turn(storm, chance)
                print(f"  {storm.counts.to_json()}", flush=True)
            breaches = storm.finish()
        finally:
            storm.close()
    for breach in [*breaches, *storm.money.faults()]:
        print(breach)
    print(storm.counts.to_json())
    counts = storm.counts
    return 1 if breaches or counts.lost or counts.doubled or counts.disordered or counts.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
