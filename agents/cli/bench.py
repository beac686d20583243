"""`santunan bench`: the measurements of the source tree."""

import typer


def add_to(cli: typer.Typer) -> None:
    cli.command("bench", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(bench)


def bench(context: typer.Context) -> None:
    """Claims a second, and where the time goes.

    The same as `make bench`, in the source tree.

    \b
    Handed on to it:
      --only STAGE…  of rules, embedded, kafka (which starts servers)
      --claims N     claims in each throughput run
      --stored N     claims stored when the worker is killed (kafka)

    \b
    Examples:
      santunan bench
      santunan bench --only rules embedded --claims 20000
    """
    import subprocess
    import sys
    from importlib.util import find_spec
    from pathlib import Path

    from pipeline.errors import NotReady

    tree = Path(__file__).parents[2]
    if not (tree / "tests" / "bench").is_dir() or find_spec("pytest") is None:
        raise NotReady("the measurements live in the source tree: clone it and run `make bench` there")
    done = subprocess.run([sys.executable, "-m", "tests.bench", *context.args], cwd=tree, check=False)  # noqa: S603
    raise typer.Exit(done.returncode)
