"""How a process of ours logs: to stderr, one line an entry, as text for a person or as JSON for a collector.

Claim and event ids may stand in a log; a NIK, a name, a diagnosis, a key or the text of a claim never.
"""

import logging
import sys
from typing import Any, Final

import structlog

# Faust and aiokafka tell every step of a rebalance; what an operator must know of it we say ourselves.
# It logs under the names of our modules too, where they subclass it; our own loggers begin with "santunan".
_QUIET: Final = ("faust", "mode", "aiokafka", "kafka", "asyncio", "alembic", "agents")


def configure_logs(level: str, form: str) -> None:
    """Set up the root logger; `form`: "console" or "json". Replaces what was there."""
    renderer: Any = structlog.processors.JSONRenderer()
    if form == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    before = (
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=list(before),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.ERROR))
