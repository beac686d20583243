"""`santunan gateway`: HTTP for clinics, employers, desks, officers' programs and payment systems."""

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
    from pipeline.errors import NotReady

    settings = read_settings()
    try:
        from agents.web.serving import serve
    except ImportError:
        raise NotReady("the gateway needs the package's extra: pip install 'santunan[gateway]'") from None
    complain(f"gateway on http://{settings.web_address}; Ctrl-C stops it")
    serve(settings)
