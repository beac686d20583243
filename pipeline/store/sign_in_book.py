"""The book of sign-ins: sessions, failures and pauses, second factors and links for one use.

Each change is one transaction with its audit record. Never imports Faust, Kafka or HTTP.
"""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, or_, select, update

from pipeline.access import sessions as rules
from pipeline.access.principals import Principal
from pipeline.credentials import digest_of_token, draw_token
from pipeline.errors import NotReady
from pipeline.sealing import Sealer, sealed, unsealed
from pipeline.store.access_book import AccessBook
from pipeline.store.access_rows import (
    AuditRecord,
    account_of,
    active_account_of,
    clock_or_none,
    end_sessions,
    write_record,
)
from pipeline.store.access_tables import passwords, principals, second_factors, sessions
from schemas.clock import clock_of, microseconds

_NO_STEP: Final = -1


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor. `confirmed_at` None: no code of it was sent yet."""

    secret: str
    confirmed_at: dt.datetime | None
    last_step: int

    def __repr__(self) -> str:
        return "Factor(…)"  # the secret shall not reach a log


@dataclass(frozen=True, slots=True)
class SignInState:
    """What a sign-in is compared with. `failures`: in a row, of password or code."""

    principal: Principal
    is_disabled: bool
    password_hash: str | None
    failures: int
    paused_until: dt.datetime | None
    factor: Factor | None


@dataclass(frozen=True, slots=True)
class Session:
    """One session as it is kept: never its token. `id` names it. `way`: how it began; None: in a version before."""

    id: str
    principal: Principal
    created_at: dt.datetime
    seen_at: dt.datetime
    way: str | None = None

    @property
    def ends_at(self) -> dt.datetime:
        """If no further request comes."""
        return rules.ends_at(self.principal, self.created_at, self.seen_at)


class CodeUsed(Exception):
    """Another sign-in has taken this code meanwhile."""


class SignInBook:
    """Over an open book of access. May be used by several threads."""

    def __init__(self, access: AccessBook) -> None:
        self.access = access

    # --- sign-in

    def state(self, name: str) -> SignInState | None:
        """None: there is no such principal."""
        if not name.isprintable():  # PostgreSQL refuses to look for a NUL
            return None
        password = select(passwords).where(passwords.c.principal == name)
        with self.access.reading() as connection:
            row = connection.execute(select(principals).where(principals.c.name == name)).first()
            kept = connection.execute(password).first()
            factor = _factor_of(connection, name, self.access.sealer)
        if row is None:
            return None
        failures, until = (0, None) if kept is None else (kept.failures, clock_or_none(kept.paused_until))
        is_disabled = row.disabled_at is not None
        hashed = None if kept is None else kept.hash
        return SignInState(Principal(row.name, row.person), is_disabled, hashed, failures, until, factor)

    def fail(self, name: str | None, reason: str, address: str | None, now: dt.datetime) -> None:
        """Record a sign-in that was refused; count it unless the account is paused. `name` None: of nobody."""
        with self.access.transaction() as transaction:
            connection = transaction.connection
            if name is not None and reason != "PAUSED":
                _count_failure(connection, name, now)
            record = AuditRecord(now, name or "nobody", "session.begin", None, "refused", address, reason)
            write_record(connection, record)
            transaction.commit()

    def begin(
        self,
        name: str,
        way: str,
        address: str | None,
        now: dt.datetime,
        *,
        step: int | None = None,
        code_at: dt.datetime | None = None,
        replaces: str | None = None,
    ) -> str:
        """The token of a new session, which is nowhere else. Ends the one that it replaces, and the oldest of too many.

        `way`: the reason in the audit record. `step`: of the code that came with it; it confirms a new factor.
        `code_at`: when a second factor was shown, here or elsewhere.
        Raises CodeUsed; UnknownAccess where the principal is gone or disabled.
        """
        token = draw_token()
        with self.access.transaction() as transaction:
            connection = transaction.connection
            active_account_of(connection, name)
            if step is not None:
                _take_step(connection, name, step, now)
            calm = update(passwords).where(passwords.c.principal == name)
            connection.execute(calm.values(failures=0, paused_until=None))
            if replaces is not None:
                _end(connection, digest_of_token(replaces), now)
            session_id = _insert_session(connection, name, token, now, way, code_at)
            write_record(connection, AuditRecord(now, name, "session.begin", session_id, "done", address, way))
            transaction.commit()
        return token

    # --- sessions

    def session(self, token: str, now: dt.datetime, *, renews: bool = True) -> Session | None:
        """The session of a request; None: there is none, or it is over. Asked at each request.

        `renews`: it is no longer idle; not by what a page asks by itself.
        """
        digest = digest_of_token(token)
        if digest is None:
            return None
        statement = _OPEN_SESSIONS.where(sessions.c.digest == digest)
        with self.access.reading() as connection:
            row = connection.execute(statement).first()
        found = _session(row) if row is not None else None
        if found is None or rules.is_over(found.principal, found.created_at, found.seen_at, now):
            return None
        if renews and now - found.seen_at >= rules.SEEN_PRECISION:
            with self.access.transaction() as transaction:
                seen = update(sessions).where(sessions.c.digest == digest, sessions.c.ended_at.is_(None))
                transaction.connection.execute(seen.values(seen_at=microseconds(now)))
                transaction.commit()
        return found

    def lapsed(self, token: str, now: dt.datetime) -> Principal | None:
        """Whose session this was, where nothing but time has ended it: nobody signed out, changed a password or
        disabled the principal."""
        digest = digest_of_token(token)
        if digest is None:
            return None
        with self.access.reading() as connection:
            row = connection.execute(_OPEN_SESSIONS.where(sessions.c.digest == digest)).first()
        found = _session(row) if row is not None else None
        if found is None or not rules.is_over(found.principal, found.created_at, found.seen_at, now):
            return None
        return found.principal

    def sessions(self, now: dt.datetime, name: str | None = None) -> list[Session]:
        """Those that are not over, the oldest first. `name`: of this principal alone."""
        statement = _OPEN_SESSIONS.order_by(sessions.c.created_at)
        if name is not None:
            statement = statement.where(sessions.c.principal == name)
        with self.access.reading() as connection:
            found = [_session(row) for row in connection.execute(statement)]
        return [one for one in found if not rules.is_over(one.principal, one.created_at, one.seen_at, now)]

    def end(self, token: str, address: str | None, now: dt.datetime) -> bool:
        """Sign out. False: there was no session."""
        digest = digest_of_token(token)
        with self.access.transaction() as transaction:
            found = _end(transaction.connection, digest, now)
            if found is not None:
                record = AuditRecord(now, found[0], "session.end", found[1], "done", address)
                write_record(transaction.connection, record)
            transaction.commit()
        return found is not None

    def take_code(self, session: Session, step: int, address: str | None, now: dt.datetime) -> None:
        """The session has shown a second factor just now. Raises CodeUsed."""
        with self.access.transaction() as transaction:
            connection = transaction.connection
            _take_step(connection, session.principal.name, step, now)
            connection.execute(update(sessions).where(*_open(session)).values(code_at=microseconds(now), wrong_codes=0))
            write_record(
                connection, AuditRecord(now, session.principal.name, "session.code", session.id, "done", address)
            )
            transaction.commit()

    def refuse_code(self, session: Session, address: str | None, now: dt.datetime) -> None:
        """Record a code that was refused. The session ends at the last of too many, so that nobody guesses one."""
        with self.access.transaction() as transaction:
            connection = transaction.connection
            own = _open(session)
            connection.execute(update(sessions).where(*own).values(wrong_codes=sessions.c.wrong_codes + 1))
            is_last = sessions.c.wrong_codes >= rules.MOST_WRONG_CODES
            ended = connection.execute(update(sessions).where(*own, is_last).values(ended_at=microseconds(now)))
            name = session.principal.name
            write_record(connection, AuditRecord(now, name, "session.code", session.id, "refused", address, "CODE"))
            if ended.rowcount:
                record = AuditRecord(now, name, "session.end", session.id, "done", address, "CODES")
                write_record(connection, record)
            transaction.commit()

    def end_all(self, name: str, hand: str, now: dt.datetime) -> int:
        """By another hand; how many they were. Raises UnknownAccess."""
        with self.access.transaction() as transaction:
            account_of(transaction.connection, name)
            count = end_sessions(transaction.connection, [name], now)
            write_record(transaction.connection, AuditRecord(now, hand, "access.end", name))
            transaction.commit()
        return count

    # --- second factors

    def factor(self, name: str) -> Factor | None:
        with self.access.reading() as connection:
            return _factor_of(connection, name, self.access.sealer)

    def offer_factor(self, name: str, secret: str, hand: str, now: dt.datetime) -> bool:
        """Keep a secret that was not confirmed yet, in place of another such. False: one is confirmed already."""
        with self.access.transaction() as transaction:
            connection = transaction.connection
            active_account_of(connection, name)
            kept = _factor_of(connection, name, self.access.sealer)
            if kept is not None and kept.confirmed_at is not None:
                return False
            _put_factor(connection, name, self._sealed(name, secret), now)
            write_record(connection, AuditRecord(now, hand, "access.factor", name))
            transaction.commit()
        return True

    def replace_factor(self, name: str, secret: str, hand: str, now: dt.datetime) -> None:
        """In place of one that is lost; confirmed, since the password alone shall not replace it.

        Ends the principal's sessions. Raises UnknownAccess.
        """
        with self.access.transaction() as transaction:
            connection = transaction.connection
            active_account_of(connection, name)
            _put_factor(connection, name, self._sealed(name, secret), now, is_confirmed=True)
            end_sessions(connection, [name], now)
            write_record(connection, AuditRecord(now, hand, "access.factor", name))
            transaction.commit()

    def seal_factors(self, hand: str, now: dt.datetime) -> int:
        """Seal those that are readable, or sealed with a former key, with the present one; how many there are. Raises
        NotReady without a key."""
        if self.access.sealer is None:
            raise NotReady("no key is set: `openssl rand -hex 32` into a file, and name it SANTUNAN_SECRETS_KEY_FILE")
        with self.access.transaction() as transaction:
            connection = transaction.connection
            names = connection.execute(select(second_factors.c.principal).with_for_update()).scalars().all()
            for name in names:
                factor = _factor_of(connection, name, self.access.sealer)
                assert factor is not None, "its row is locked"
                kept = update(second_factors).where(second_factors.c.principal == name)
                connection.execute(kept.values(secret=self._sealed(name, factor.secret)))
            write_record(connection, AuditRecord(now, hand, "access.seal", "second_factors"))
            transaction.commit()
        return len(names)

    def _sealed(self, name: str, secret: str) -> bytes:
        return sealed(self.access.sealer, secret.encode(), _row(name))


_OPEN_SESSIONS: Final = (
    select(
        sessions.c.id,
        sessions.c.created_at,
        sessions.c.seen_at,
        sessions.c.way,
        sessions.c.code_at,
        principals.c.name,
        principals.c.person,
    )
    .join(principals, principals.c.name == sessions.c.principal)
    .where(sessions.c.ended_at.is_(None), principals.c.disabled_at.is_(None))
)


def _open(session: Session) -> tuple[Any, ...]:
    own = (sessions.c.id == session.id, sessions.c.principal == session.principal.name)
    return (*own, sessions.c.ended_at.is_(None))


def _count_failure(connection: Connection, name: str, now: dt.datetime) -> None:
    """The row is locked: failures at the same time are counted each. After a pause it begins anew."""
    kept = select(passwords.c.failures, passwords.c.paused_until).where(passwords.c.principal == name)
    row = connection.execute(kept.with_for_update()).first()
    if row is None:  # it has no password, so none was tried
        return
    failures = 1 if row.paused_until is not None else row.failures + 1
    paused_until = now + rules.PAUSE if failures >= rules.MOST_FAILURES else None
    values = {
        "failures": failures,
        "paused_until": microseconds(paused_until) if paused_until else None,
    }
    connection.execute(update(passwords).where(passwords.c.principal == name).values(values))


def _take_step(connection: Connection, name: str, step: int, now: dt.datetime) -> None:
    newer = update(second_factors).where(second_factors.c.principal == name, second_factors.c.last_step < step)
    if not connection.execute(newer.values(last_step=step)).rowcount:
        raise CodeUsed
    shown = update(second_factors).where(second_factors.c.principal == name, second_factors.c.confirmed_at.is_(None))
    if connection.execute(shown.values(confirmed_at=microseconds(now))).rowcount:
        write_record(connection, AuditRecord(now, name, "factor.confirm", name))


def _insert_session(
    connection: Connection, name: str, token: str, now: dt.datetime, way: str, code_at: dt.datetime | None
) -> str:
    moment, session_id = microseconds(now), secrets.token_hex(4)
    long_ago = microseconds(now - rules.KEPT_AFTER)
    connection.execute(delete(sessions).where(or_(sessions.c.ended_at < long_ago, sessions.c.created_at < long_ago)))
    theirs = (sessions.c.principal == name, sessions.c.ended_at.is_(None))
    newest = select(sessions.c.digest).where(*theirs).order_by(sessions.c.created_at.desc(), sessions.c.digest)
    kept = connection.execute(newest.limit(rules.MOST_SESSIONS - 1)).scalars().all()
    connection.execute(update(sessions).where(*theirs, sessions.c.digest.not_in(kept)).values(ended_at=moment))
    row = {
        "digest": digest_of_token(token),
        "id": session_id,
        "principal": name,
        "created_at": moment,
        "seen_at": moment,
        "way": way,
        "code_at": microseconds(code_at) if code_at is not None else None,
        "wrong_codes": 0,
    }
    connection.execute(insert(sessions), [row])
    return session_id


def _end(connection: Connection, digest: bytes | None, now: dt.datetime) -> tuple[str, str] | None:
    """(principal, id) of the session that was ended."""
    is_open = (sessions.c.digest == digest, sessions.c.ended_at.is_(None))
    row = connection.execute(select(sessions.c.principal, sessions.c.id).where(*is_open)).first()
    if row is None:
        return None
    connection.execute(update(sessions).where(*is_open).values(ended_at=microseconds(now)))
    return row.principal, row.id


def _put_factor(
    connection: Connection, name: str, secret: bytes, now: dt.datetime, *, is_confirmed: bool = False
) -> None:
    row = {
        "principal": name,
        "secret": secret,
        "created_at": microseconds(now),
        "confirmed_at": microseconds(now) if is_confirmed else None,
        "last_step": _NO_STEP,
    }
    kept = update(second_factors).where(second_factors.c.principal == name)
    if not connection.execute(kept.values(row)).rowcount:  # no `delete`: the gateway has no right to it here
        connection.execute(insert(second_factors), [row])


def _factor_of(connection: Connection, name: str, sealer: Sealer | None) -> Factor | None:
    """Raises NotReady where the secret is sealed with another key."""
    row = connection.execute(select(second_factors).where(second_factors.c.principal == name)).first()
    if row is None:
        return None
    secret = unsealed(sealer, bytes(row.secret), _row(name)).decode()
    return Factor(secret, clock_or_none(row.confirmed_at), row.last_step)


def _row(name: str) -> str:
    return f"second_factors {name}"


def _session(row: Any) -> Session:
    principal = Principal(row.name, row.person, clock_or_none(row.code_at))
    return Session(row.id, principal, clock_of(row.created_at), clock_of(row.seen_at), row.way)
