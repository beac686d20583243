"""`make bench`: what a claim costs, and where. The last line is one JSON object.

    make bench                                     everything; Kafka and PostgreSQL are started from packages
    make bench ARGS="--only rules embedded"        without servers
    make bench ARGS="--claims 20000"               shorter

Ratios of one run can be compared; times on a shared machine say little from one run to the next.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.claims.rules import table
from tests.bench import city, coverage, embedded, monthly_life, rules

Stage = Callable[[Path, argparse.Namespace], dict[str, Any]]


def _kafka(directory: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    from tests.bench import kafka  # needs the extras `kafka`, `postgresql` and `services`

    return kafka.measure(directory, chosen.claims, chosen.stored)


def _gateway(directory: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    from tests.bench import gateway  # as Kafka, and the extra `gateway`

    return gateway.measure(directory)


STAGES: dict[str, Stage] = {
    "rules": lambda directory, chosen: rules.measure(directory, chosen.claims),
    "embedded": lambda directory, chosen: embedded.measure(directory, chosen.claims),
    "members": lambda directory, chosen: monthly_life.measure(directory, chosen.members, chosen.years),
    "coverage": lambda directory, chosen: coverage.measure(directory, chosen.people),
    "city": lambda directory, chosen: city.measure(directory, chosen.known),
    "kafka": _kafka,
    "gateway": _gateway,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=STAGES, default=list(STAGES), help="stages to run")
    parser.add_argument("--claims", type=int, default=60_000, help="claims in each throughput run")
    parser.add_argument("--members", type=int, default=2_000, help="members with a fact or two each month (members)")
    parser.add_argument("--people", type=int, default=1_000_000, help="people in the coverage picture (coverage)")
    parser.add_argument("--known", type=int, default=city.KNOWN, help="workers whom an office knows (city)")
    parser.add_argument("--years", type=int, default=10, help="of monthly facts (members)")
    parser.add_argument("--stored", type=int, default=300_000, help="claims stored when the worker is killed (kafka)")
    chosen = parser.parse_args()
    is_compiled = not str(table.__file__).endswith(".py")
    print("what a claim passes through is " + ("compiled" if is_compiled else "interpreted: there is no C compiler"))
    figures: dict[str, Any] = {"is_compiled": is_compiled}
    with tempfile.TemporaryDirectory(prefix="santunan-bench-") as directory:
        for name in chosen.only:
            print(f"\n{name}", flush=True)
            Path(directory).chmod(0o711)  # PostgreSQL's system user passes through it
            stage = Path(directory) / name
            stage.mkdir()
            found = STAGES[name](stage, chosen)
            for figure, value in found.items():
                print(f"  {figure:<34} {value:>14,}" if isinstance(value, int | float) else f"  {figure:<34} {value}")
            figures |= found
            sys.stdout.flush()
    print()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
