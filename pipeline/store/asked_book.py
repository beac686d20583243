"""The book of questions: what a person typed into a form that is answered by a page, such as whose cover is asked for.

The form is sent by POST and kept here; its answer has an address with the id alone. So *back* and reload ask again, and
nothing personal is in an address. A question is a row in the table of drafts: personal as well, of one principal as
well, and it goes when the session is over, after `KEEPS`, or when `MOST_ASKED` newer ones are there.

What was typed is sealed with a key made of the token that the browser holds, of which the store has a digest alone. So
who reads the store, or a copy of it, reads no question; and once its session is over, nobody does.
"""

import datetime as dt
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Final

import orjson
from sqlalchemy import delete, insert, select

from pipeline.sealing import Sealer
from pipeline.store.access_book import AccessBook
from pipeline.store.draft_book import ASKED, drafts
from schemas.clock import microseconds

KEEPS: Final = dt.timedelta(hours=8)  # a working day: who comes back to a page later asks again
MOST_ASKED: Final = 30  # of one principal: as far back as anybody goes; a sheet of members has 1.4 MB

_SEALED: Final = "sealed:"  # a question of a version before is JSON; it is as if it were not there

Lists = Mapping[str, list[str]]


class AskedBook:
    """Closed with the book of access. May be used by several threads."""

    def __init__(self, access: AccessBook) -> None:
        self._access = access

    def keep(self, owner: str, session: str, token: str, answers: Lists, now: dt.datetime) -> str:
        """The id of the question: 128 bits. `session`: the id of the session in which it is asked; empty: none.
        `token`: of the session, or the key in its place; nothing else opens the row."""
        moment, asked = microseconds(now), secrets.token_urlsafe(16)
        row = {"id": asked, "principal": owner, "kind": ASKED, "step": session, "event_id": ""}
        sealed = Sealer([token.encode()]).seal(orjson.dumps(dict(answers)), _row(owner, asked))
        row["answers"] = _SEALED + b64encode(sealed).decode()
        is_own = (drafts.c.kind == ASKED, drafts.c.principal == owner)
        newest = select(drafts.c.id).where(*is_own).order_by(drafts.c.changed_at.desc(), drafts.c.id)
        with self._access.transaction() as transaction:
            connection = transaction.connection
            is_old = drafts.c.changed_at <= microseconds(now - KEEPS)
            connection.execute(delete(drafts).where(drafts.c.kind == ASKED, is_old))
            too_many = connection.execute(newest.offset(MOST_ASKED - 1)).scalars().all()
            connection.execute(delete(drafts).where(drafts.c.id.in_(too_many)))
            connection.execute(insert(drafts), [row | {"created_at": moment, "changed_at": moment}])
            transaction.commit()
        return asked

    def get(self, owner: str, token: str, asked: str, now: dt.datetime) -> Lists | None:
        """None: there is none any more, or it is another's, or of another session."""
        is_fresh = drafts.c.changed_at > microseconds(now - KEEPS)
        is_own = (drafts.c.id == asked, drafts.c.kind == ASKED, drafts.c.principal == owner)
        with self._access.reading() as connection:
            found = connection.execute(select(drafts.c.answers).where(*is_own, is_fresh)).scalar()
        if found is None or not found.startswith(_SEALED):
            return None
        plain = Sealer([token.encode()]).opened(b64decode(found[len(_SEALED) :]), _row(owner, asked))
        return None if plain is None else orjson.loads(plain)

    def forget(self, owner: str, session: str) -> None:
        """All that was asked in this session, which is over."""
        is_own = (drafts.c.kind == ASKED, drafts.c.principal == owner, drafts.c.step == session)
        with self._access.transaction() as transaction:
            transaction.connection.execute(delete(drafts).where(*is_own))
            transaction.commit()


def _row(owner: str, asked: str) -> str:
    return f"questions {owner} {asked}"
