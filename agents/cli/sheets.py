"""Sheets at the command line: read, checked, corrected, handed in; for each kind of sheet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from agents.cli.options import Json, Language
from agents.terminal import complain, print_json, progress

_ANY_FILE: Final = "application/octet-stream"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

if TYPE_CHECKING:
    from agents.cli.identity import Login
    from agents.imports.intake import Desk, Subject
    from agents.settings import Settings
    from pipeline.enrolment.report import CheckedRow
    from pipeline.sheets.headers import Column

File = Annotated[Path | None, typer.Argument(metavar="FILE", help="A sheet: .xlsx or .csv.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="Send what is ready; without it nothing is sent.")]
FaultsTo = Annotated[
    Path | None, typer.Option("--faults-to", metavar="FILE", help="Write the sheet with its faults: .xlsx or .csv.")
]
Template = Annotated[
    Path | None, typer.Option("--template", metavar="FILE", help="Write an empty sheet: .xlsx or .csv.")
]
Sender = Annotated[
    str | None,
    typer.Option("--as", metavar="KIND:WHO", help="Who you are, without a sign-in: cooperative:maju."),
]
NEEDS_SOMETHING: Final = ("faulty", "number_needed", "short", "unknown")  # statuses of rows


def add_import(cli: typer.Typer, name: str, purpose: str, text: str) -> typer.Typer:
    """`santunan NAME import`. `purpose`: of the group, which is returned; `text`: the help of the command."""
    commands = typer.Typer(no_args_is_help=True, help=purpose)

    @commands.command("import", help=text)
    def import_sheet(
        file: File = None,
        confirm: Confirm = False,
        faults_to: FaultsTo = None,
        template: Template = None,
        sender: Sender = None,
        lang: Language = "id",
        json: Json = False,
    ) -> None:
        require_extra()
        from agents.imports.intake import CONTRIBUTIONS, MEMBERS

        subject = {one.name: one for one in (MEMBERS, CONTRIBUTIONS)}[name]
        import_file(
            subject,
            file,
            confirm=confirm,
            faults_to=faults_to,
            template=template,
            sender=sender,
            lang=lang,
            as_json=json,
        )

    cli.add_typer(commands, name=name)
    return commands


def import_file(
    subject: "Subject",
    file: Path | None,
    *,
    confirm: bool,
    faults_to: Path | None,
    template: Path | None,
    sender: str | None,
    lang: Any,
    as_json: bool,
    form: "Sequence[Column] | None" = None,
) -> None:
    """The whole command. `form`: the columns of the template, where they are not those that are read. Ends with status
    1 where a row needs something."""
    from agents.imports.answers import lines_of
    from agents.settings import read_settings
    from pipeline.errors import EXIT_REFUSED
    from pipeline.explain.sheets import sheet_refusal
    from pipeline.sheets.cells import SheetRefused

    if template is not None:
        _write_template(form or subject.columns, template, lang)
    if file is None:
        if template is None:
            raise typer.BadParameter("name a FILE, or --template FILE for an empty one")
        return
    settings = read_settings()
    login = _login(settings, sender)
    try:
        if login is not None and login.url is not None:
            found = _checked_at_gateway(login, subject, file, faults_to, lang, confirm=confirm)
        else:
            with _desk(settings, subject, sender, confirm=confirm, corrects=faults_to is not None) as desk:
                found = _checked(desk, file, faults_to, lang, as_json=as_json)
    except SheetRefused as refused:
        complain(f"{file.name}: {sheet_refusal(refused.code, refused.facts, lang)}")
        raise typer.Exit(EXIT_REFUSED) from None
    if as_json:
        print_json([found])
    else:
        for line in lines_of(found, file.name, lang):
            print(line)
        _say_what_next(subject, found, faults_to, lang)
    if any(found["counts"].get(status) for status in NEEDS_SOMETHING) or (found["sent"] or {}).get("refused"):
        raise typer.Exit(EXIT_REFUSED)


def require_extra() -> None:
    """Raises NotReady where the packages that read sheets are not installed."""
    from importlib.util import find_spec

    from pipeline.errors import NotReady

    if any(find_spec(one) is None for one in ("python_calamine", "openpyxl", "xlsxwriter", "rapidfuzz")):
        raise NotReady("sheets need the extra `sheets`: pip install 'santunan[sheets]'")


def _write_template(columns: "Sequence[Column]", file: Path, lang: Any) -> None:
    from agents.imports.writer import template_csv, template_xlsx
    from pipeline.explain.sheets import sheet_text

    file.write_bytes((template_csv if _is_csv(file) else template_xlsx)(lang, columns))
    print(sheet_text(lang, "report", "template", file=str(file)))


def _checked(desk: "Desk", file: Path, faults_to: Path | None, lang: Any, *, as_json: bool) -> dict[str, Any]:
    """The report of one file; writes the corrected sheet, which holds NIKs, for its owner alone."""
    from agents.imports.answers import row_document
    from agents.imports.reader import read_sheet
    from agents.imports.writer import Corrected
    from pipeline.private_files import write_private

    with read_sheet(_read(file), desk.subject.columns) as sheet, progress(file.name, sheet.row_count) as bar:

        def on_row(row: "CheckedRow") -> None:
            bar.advance()
            if as_json:
                print_json([row_document(row, lang)])

        desk.on_row = on_row
        found = desk.check(sheet, lang)
        if faults_to is not None:
            corrected = Corrected(sheet, desk.notes, lang)
            write_private(faults_to, corrected.csv() if _is_csv(faults_to) else corrected.xlsx())
    return found


def _say_what_next(subject: "Subject", found: dict[str, Any], faults_to: Path | None, lang: Any) -> None:
    from pipeline.explain.sheets import sheet_text

    if faults_to is not None:
        print(sheet_text(lang, "report", "written", file=str(faults_to)))
    elif found["fault_count"]:
        print(sheet_text(lang, "report", "how_to_correct"))
    if found["sent"] is not None:
        print(
            sheet_text(
                lang, "report", "sent", **{name: found["sent"][name] for name in ("taken", "repeated", "refused")}
            )
        )
        for one in found["sent"]["refusals"]:
            complain(f"{sheet_text(lang, 'report', 'row', row=one['row'])}: {one['detail']}")
    else:
        ready = f" {sheet_text(lang, 'report', 'how_to_send')}" if subject.ready_count(found) else ""
        print(sheet_text(lang, "report", "nothing_sent") + ready)


def _checked_at_gateway(
    login: "Login", subject: "Subject", file: Path, faults_to: Path | None, lang: Any, *, confirm: bool
) -> dict[str, Any]:
    """As `_checked`, by the gateway that was signed in to; without a line for each row.

    Raises GatewayRefused, Transient.
    """
    from agents.clients.gateway import GatewayClient
    from pipeline.private_files import write_private

    if faults_to is not None and _is_csv(faults_to):
        raise typer.BadParameter("--faults-to: the gateway writes .xlsx alone")
    assert login.url is not None
    client, data = GatewayClient(login.url, login.credential), _read(file)
    path = f"/v1/imports/{subject.name}"
    found: dict[str, Any] = client.post_file(path, data, _ANY_FILE, Accept_Language=lang).json
    if faults_to is not None:
        write_private(faults_to, client.post_file(path, data, _ANY_FILE, Accept_Language=lang, Accept=XLSX).body)
    if confirm:
        found = client.post_file(f"{path}?confirm={found['id']}", data, _ANY_FILE, Accept_Language=lang).json
    return found


def _login(settings: "Settings", sender: str | None) -> "Login | None":
    """Who signed in; None: somebody who says who he is."""
    from agents.cli.identity import read_login

    login = read_login(settings)
    if login is not None and sender is not None:
        raise typer.BadParameter("--as does not go with a sign-in: `santunan logout` first")
    if login is None and sender is None:
        raise typer.BadParameter("sign in with `santunan login`, or say who you are: --as cooperative:NAME")
    return login


@contextmanager
def _desk(
    settings: "Settings", subject: "Subject", sender: str | None, *, confirm: bool, corrects: bool
) -> "Iterator[Desk]":
    """Over the store, as who signed in, or on the embedded store under a name on trust. `sender`: the name."""
    from agents.cli.submission import named_front, signed_in_front
    from agents.imports.intake import Desk

    opened = signed_in_front(settings) if sender is None else named_front(settings, sender, confirm=confirm)
    with opened as (front, principal):
        yield Desk(front, principal, subject, confirms=confirm, corrects=corrects)


def _read(file: Path) -> bytes:
    from agents.imports.reader import read_file

    try:
        return read_file(file)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {(error.strerror or 'cannot be read').lower()}") from None


def _is_csv(file: Path) -> bool:
    return file.suffix.lower() == ".csv"
