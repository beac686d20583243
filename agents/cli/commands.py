"""All commands in one program, and the one place where a failure becomes a sentence and an exit code.

Every command file imports typer alone at its top, and the rest inside the command, so that `santunan --help` answers
at once.
"""

import errno
import os
import sys
from typing import Any, Final

import typer
from typer.core import TyperGroup

from agents.cli import (
    access,
    assess,
    backup,
    bench,
    claims,
    conformance,
    contributions,
    cover,
    coverage,
    dead_letters,
    decisions,
    demo,
    doctor,
    dossier,
    explain,
    gateway,
    history,
    known,
    ledger,
    login,
    members,
    migrate,
    protection,
    receipt,
    referrals,
    replay,
    restore,
    review,
    rules,
    run,
    schemas,
    services,
    signals,
    statistics,
    submit,
    tick,
    topics,
    webhooks,
    worker,
)

SECTIONS: Final = {
    "Begin": ("demo", "run", "submit", "members", "contributions", "claims", "decisions", "explain", "history"),
    "Officers": (
        "login",
        "logout",
        "referrals",
        "review",
        "cover",
        "coverage",
        "calls",
        "statistics",
        "signals",
        "protection",
        "known",
        "assess",
    ),
    "Operators": (
        "worker",
        "gateway",
        "webhooks",
        "tick",
        "dead-letters",
        "access",
        "conformance",
        "replay",
        "ledger",
        "receipt",
        "dossier",
        "doctor",
        "backup",
        "restore",
        "migrate",
        "topics",
        "services",
        "bench",
    ),
    "Law and shapes": ("rules", "schemas"),
}

_EPILOG: Final = """\b
Exit codes:
  0    done
  1    some input was refused, or something was found that should not be
  2    the command was typed wrong
  70   a bug of Santunan: please report it
  75   the database or the broker is away: try again, nothing is lost
  78   a setting or a parameter is wrong: the message says which
  130  stopped with Ctrl-C
Settings: SANTUNAN_* variables, santunan.toml; `santunan doctor` shows them.
"""


class Commands(TyperGroup):
    """The commands in sections, and the one place where a failure becomes a sentence and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        ordered = [name for names in SECTIONS.values() for name in names]
        return sorted(self.commands, key=lambda name: ordered.index(name) if name in ordered else len(ordered))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        width = max(map(len, self.commands))
        for title, names in SECTIONS.items():
            rows = [
                (name.ljust(width), self.commands[name].get_short_help_str(formatter.width - width - 6))
                for name in names
                if name in self.commands
            ]
            with formatter.section(title):
                formatter.write_dl(rows)

    def invoke(self, ctx: Any) -> Any:
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # the reader has closed the pipe (`| head`): nothing is wrong
            _discard_stdout()
            raise typer.Exit(0) from None
        except (typer.Exit, typer.Abort, KeyboardInterrupt):
            raise
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")  # of the library that reads the options
            raise
        except OSError as error:
            from agents.terminal import complain
            from pipeline.errors import EXIT_CONFIGURATION, EXIT_TRANSIENT

            if error.errno == errno.ENOSPC:
                complain("the disk is full, and not all was written: make room and try again")
                _discard_stdout()
                raise typer.Exit(EXIT_TRANSIENT) from None
            if error.filename is None:
                raise
            complain(f"{error.filename}: {error.strerror}; give a place that this user can read and write")
            raise typer.Exit(EXIT_CONFIGURATION) from None
        except Exception as error:
            from pipeline.errors import SantunanError

            if not isinstance(error, SantunanError):
                raise
            from agents.terminal import complain
            from agents.worker.ending import give_reason

            if not give_reason(str(error)):
                complain(str(error))
            raise typer.Exit(error.exit_code) from None
        return answer


def _discard_stdout() -> None:
    """Else the rest of the buffer would fail once more when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


cli: Final = typer.Typer(
    cls=Commands,
    name="santunan",
    rich_markup_mode=None,  # plain help: fast, 80 columns, readable aloud
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"santunan {version('santunan')}")
        raise typer.Exit


@cli.callback()
def _santunan(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print the version."),
) -> None:
    """Claims of Indonesian workers' social security (JKK and JKM), from event to payout decision.

    Each decision says why, by which law, and from which facts; `santunan demo` shows it.
    """


_COMMANDS: Final = (
    access,
    assess,
    backup,
    bench,
    claims,
    conformance,
    contributions,
    cover,
    coverage,
    dead_letters,
    decisions,
    demo,
    doctor,
    dossier,
    explain,
    gateway,
    history,
    known,
    ledger,
    login,
    members,
    migrate,
    protection,
    receipt,
    referrals,
) + (
    replay,
    restore,
    review,
    rules,
    run,
    schemas,
    services,
    signals,
    statistics,
    submit,
    tick,
    topics,
    webhooks,
    worker,
)
for _module in _COMMANDS:
    _module.add_to(cli)
