"""`santunan gateway`: HTTP for clinics, employers, desks, officers' programs and payment systems."""

from importlib.util import find_spec

import typer


def add_to(cli: typer.Typer) -> None:
    cli.command("gateway")(gateway)


def gateway() -> None:
    """Answer over HTTP until Ctrl-C or SIGTERM.

    It is a process of its own. What it answers 202 to is in the log for good. It decides nothing: a worker does.
    SANTUNAN_WEB_ADDRESS is where it listens; `santunan access` makes keys.

    \b
    Examples:
      santunan gateway
      SANTUNAN_WEB_ADDRESS=127.0.0.1:9000 santunan gateway
    """
    from agents.settings import read_settings
    from agents.terminal import complain
    from agents.worker.ending import leave_with_supervisor

    settings = read_settings()
    require_installed("install it, and start the gateway again")
    from agents.web.serving import serve

    leave_with_supervisor()
    complain(f"gateway on http://{settings.web_address}; Ctrl-C stops it")
    complain(f"the console for browsers: {settings.public_url}/")
    serve(settings)


def require_installed(remedy: str) -> None:
    """Raises NotReady, which ends with `remedy`."""
    from pipeline.errors import NotReady

    if not all(map(find_spec, ("fastapi", "uvicorn", "jinja2"))):
        raise NotReady(f"the gateway needs the package's extra: pip install 'santunan[gateway]'; {remedy}")
