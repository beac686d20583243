"""Ways in of a principal, besides its keys, as every list of access shows them."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from pipeline.store.access_book import AccessBook
from pipeline.store.sign_in_book import SignInBook

FactorState = Literal["none", "shown", "set"]


@dataclass(frozen=True, slots=True)
class Ways:
    """Ways in besides keys. `second_factor`: none, shown (no code of it came yet) or set. `sessions`: open ones."""

    has_password: bool
    second_factor: FactorState
    sessions: int


def ways_of(book: AccessBook, name: str, now: dt.datetime) -> Ways:
    sign_ins = SignInBook(book)
    state = sign_ins.state(name)
    factor = state.factor if state is not None else None
    return Ways(
        state is not None and state.password_hash is not None,
        "none" if factor is None else "shown" if factor.confirmed_at is None else "set",
        len(sign_ins.sessions(now, name)),
    )
