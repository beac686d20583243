"""The command `santunan`. What it offers stands in `commands.py`; each group of commands has a file of its own."""


def main() -> None:
    """The console script. What no sentence was written for is a bug: traceback, status 70."""
    import io
    import sys

    from agents.cli.commands import cli

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no ÷ shows ? for it
    try:
        cli(prog_name="santunan")
    except (SystemExit, KeyboardInterrupt):
        raise
    except Exception:
        import traceback

        from pipeline.errors import EXIT_BUG

        traceback.print_exc()
        print("This is a bug of Santunan; please report it with the lines above.", file=sys.stderr)
        raise SystemExit(EXIT_BUG) from None
