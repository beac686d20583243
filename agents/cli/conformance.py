"""`santunan conformance`: whether a gateway keeps to the contract, as a clinic's software would find it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.options import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.conformance.checks import Result

_KEY = "SANTUNAN_CONFORMANCE_KEY"
_STATES = {"pass": "green", "fail": "red", "skip": "yellow"}


def add_to(cli: typer.Typer) -> None:
    cli.command("conformance")(conformance)


def conformance(
    url: Annotated[str, typer.Option("--url", help="The gateway, as http://127.0.0.1:8080.")],
    key: Annotated[
        str | None, typer.Option("--key", envvar=_KEY, help="API key; other users may see it in the process list.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="FILE", help="Read the key from the first line of FILE.")
    ] = None,
    wait: Annotated[int, typer.Option("--wait", min=1, max=600, help="Seconds to wait for the decision.")] = 25,
    json: Json = False,
) -> None:
    """Try a gateway out as a clinic's software would.

    It needs the key of a clinic or a hospital. It sends made-up claims, CONFORMANCE-..., of a worker who does
    not exist, and they stay in the ledger: use a gateway for trying out, or a principal for tests. Exit code 1
    where a check failed.

    \b
    Examples:
      santunan conformance --url http://127.0.0.1:8080 --key-file key.txt
      santunan conformance --url https://test.example --key-file key.txt --json
    """
    from agents.conformance.checks import run_checks
    from agents.conformance.clinic import Clinic
    from agents.terminal import complain, print_json
    from pipeline.errors import EXIT_REFUSED

    clinic = Clinic(url, _key_of(key, key_file), wait)
    complain(f"Sends made-up claims ({clinic.claim_id}, worker {clinic.member}) to {url}; they stay in its ledger.")
    if clinic.is_readable_by_others:
        complain("The address is http:// of another machine: who listens on the way can read the key. Use https://.")
    results = []
    for result in run_checks(clinic):
        results.append(result)
        if json:
            print_json([result])
    if not json:
        _show(results)
    if any(one.state == "fail" for one in results):
        raise typer.Exit(EXIT_REFUSED)


def _key_of(key: str | None, file: Path | None) -> str:
    if (key is None) == (file is None):
        raise typer.BadParameter(f"give the key once: --key-file FILE, the variable {_KEY}, or --key")
    found = key if file is None else file.read_text(encoding="utf-8").partition("\n")[0]
    found = (found or "").strip()
    if not found or not found.isascii() or not found.isprintable() or " " in found:
        raise typer.BadParameter("this is no key; it is one line that begins with stn_")
    return found


def _show(results: "Sequence[Result]") -> None:
    from agents.conformance.checks import CHECKS
    from agents.terminal import console, field, table

    texts = {one.__name__.replace("_", "-"): (one.__doc__ or "").strip().split("\n")[0] for one in CHECKS}
    shown = table("check", "result", "what must hold", whole=("check", "result"))
    for one in results:
        state = f"[{_STATES[one.state]}]{one.state}[/]"
        said = texts[one.check] + (f"\n{one.state}: {one.reason}" if one.reason else "")
        shown.add_row(field(one.check), state, "\n".join(field(line) for line in said.split("\n")))
    console().print(shown)
    failed = sum(one.state == "fail" for one in results)
    passed = sum(one.state == "pass" for one in results)
    print(f"{passed} passed, {failed} failed, {len(results) - passed - failed} skipped.")
