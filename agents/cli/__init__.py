"""The command `santunan`. `commands.py` lists the commands; each has a file of its own."""


def main() -> None:
    """The console script. An unexpected exception is a bug: traceback, status 70."""
    import io
    import sys

    from agents.cli.commands import cli
    from agents.terminal import complain, escape_stdout

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ÷ shows ?
    escape_stdout()
    try:
        cli(prog_name="santunan")
    except (SystemExit, KeyboardInterrupt):
        raise
    except Exception:
        import traceback

        from pipeline.errors import EXIT_BUG

        complain(traceback.format_exc().rstrip())
        complain("This is a bug of Santunan; please report it with the lines above.")
        raise SystemExit(EXIT_BUG) from None
