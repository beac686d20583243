"""Roles × operations: the one table that says what each kind of principal may do, and the one function that reads it.

What is not in the table is denied. Every operation of `pipeline/operations` has a row. Pure.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from pipeline.access.principals import KINDS, Principal
from pipeline.errors import EXIT_REFUSED, SantunanError

Reach = Literal["all", "own"]
View = Literal["full", "masked", "party", "employer", "payout", "answer"]


class Grant(NamedTuple):
    """`reach`: on which things: all, or those that the principal is a party to. `view`: how much an answer shows.

    full: everything; masked: without diagnosis and course of events; party: the claim and what is asked, without
    amounts; employer: besides, what the employer gets; payout: outcome and money; answer: yes, no or an officer, and
    nothing else.
    """

    reach: Reach
    view: View = "full"


class Denied(SantunanError):
    """The principal may not do this. `reason`: NOT_ALLOWED, or SOURCE_FORGED where it writes in another's name."""

    exit_code = EXIT_REFUSED

    def __init__(self, reason: str, operation: str) -> None:
        super().__init__(f"{reason}: {operation}")
        self.reason = reason
        self.operation = operation


_ALL: Final = Grant("all")
_OWN: Final = Grant("own")
_SENT: Final = Grant("own", "party")
_STAFF: Final = Grant("own", "employer")
_ANSWER: Final = Grant("all", "answer")
_CLINICS: Final = ("clinic", "hospital")
_EMPLOYERS: Final = ("employer", "cooperative")
_MEMBERS: Final = dict.fromkeys(_EMPLOYERS, _OWN) | {"office": _ALL}
_READERS: Final = dict.fromkeys(("office", "officer", "auditor"), _ALL)
_PARTIES: Final = dict.fromkeys(_CLINICS, _SENT) | dict.fromkeys(_EMPLOYERS, _STAFF) | {"desk": _OWN}
_SENDERS: Final = (*_CLINICS, *_EMPLOYERS, "desk", "office", "officer", "payments")

# The evidence of whom counts on which claim is decided by the desk (`pipeline/claims/parties.py`): here anybody's is
# taken in alike, so that no answer says whether a claim exists.
ROLES: Final[Mapping[str, Mapping[str, Grant]]] = {
    "report_accident": dict.fromkeys(_CLINICS, _ALL) | dict.fromkeys(_EMPLOYERS, _OWN) | {"office": _ALL},
    "report_death": dict.fromkeys(("hospital", "desk", "office"), _ALL),
    "import_claims": dict.fromkeys(_CLINICS, _ALL)
    | dict.fromkeys(_EMPLOYERS, _OWN)
    | dict.fromkeys(("desk", "office"), _ALL),
    "add_evidence": dict.fromkeys((*_CLINICS, *_EMPLOYERS, "desk", "office"), _ALL),
    "appeal": {"desk": _OWN, "office": _ALL},
    "submit_events": dict.fromkeys(_SENDERS, _ALL),
    "change_member": _MEMBERS,
    "import_members": _MEMBERS,
    "export_members": dict.fromkeys((*_EMPLOYERS, "office"), _OWN),  # with NIKs: those who wrote them; on record
    "import_contributions": _MEMBERS | {"payments": _ALL},
    "report_wage": _MEMBERS,
    "pay_contribution": _MEMBERS | {"payments": _ALL},
    "review": {"officer": _ALL},
    "preview_ruling": {"officer": _ALL},
    "put_paper": dict.fromkeys((*_CLINICS, *_EMPLOYERS, "desk", "office"), _ALL),
    "read_paper": _PARTIES | _READERS,
    "settle": {"payments": _ALL},
    "list_payouts": {"payments": _ALL},
    "check_cover": dict.fromkeys((*_CLINICS, "desk"), _ANSWER) | dict.fromkeys(_EMPLOYERS, _OWN) | _READERS,
    "read_coverage": _READERS,
    # Those about officers are for auditors alone.
    **dict.fromkeys(("list_signals", "list_claim_signals"), {"officer": Grant("all", "masked"), "auditor": _ALL}),
    "list_calls": dict.fromkeys(_EMPLOYERS, _OWN) | {"office": _ALL},
    # Rulings by name: an auditor sees everybody's, an officer his own.
    "read_statistics": dict.fromkeys(("office", "officer"), Grant("all", "masked")) | {"auditor": _ALL},
    "list_protection": dict.fromkeys(_EMPLOYERS, _OWN) | {"office": _ALL},
    **dict.fromkeys(("import_known", "list_known_matches", "decide_known_match"), {"office": _ALL}),
    "read_claim": _PARTIES | _READERS | {"payments": Grant("all", "payout")},
    "read_case": {"officer": _ALL, "auditor": Grant("all", "masked"), "office": Grant("all", "masked")},
    "read_known": {"officer": _ALL, "auditor": Grant("all", "masked")},
    **dict.fromkeys(("explain_known", "read_member_known"), dict.fromkeys(("officer", "auditor"), _ALL)),
    "list_claims": _PARTIES | _READERS,
    "find_claims": _PARTIES | _READERS,
    "explain_claim": {"desk": _OWN} | _READERS,
    "list_decisions": _PARTIES | _READERS,
    "list_work": dict.fromkeys(("officer", "auditor"), _ALL),
    "changed_since": dict.fromkeys(("officer", "auditor"), _ALL),
    "count_work": dict.fromkeys(("officer", "auditor"), _ALL),
    "read_holder": dict.fromkeys(("officer", "auditor"), _ALL),
    **dict.fromkeys(("take_claim", "release_claim"), {"officer": _ALL}),
    **dict.fromkeys(("list_refused", "read_refused"), dict.fromkeys(("auditor", "operator"), _ALL)),
    **dict.fromkeys(
        (
            "read_state",
            "retry_refused",
            "ask_original",
            "approve_original",
            "read_original",
            "correct_refused",
            "list_access",
            "read_access_log",
            "add_access",
            "disable_access",
            "make_access_key",
            "revoke_access_key",
            "make_access_link",
        ),
        {"operator": _ALL},
    ),
    **dict.fromkeys(("find", "read_trail", "read_person"), {"auditor": _ALL}),
    "read_ledger": dict.fromkeys(("auditor", "operator"), _ALL),
    **dict.fromkeys(("read_proof", "start_verification", "start_replay", "read_run"), {"auditor": _ALL}),
    "read_kept": {"auditor": _ALL, "operator": _ALL},
    "read_receipt": dict.fromkeys(_SENDERS, _OWN),
    **dict.fromkeys(("read_law", "read_parameter", "compare_law"), dict.fromkeys(KINDS, _ALL)),
    "read_dossier": dict.fromkeys(("officer", "auditor"), _ALL),
    "try_number": dict.fromkeys(("officer", "auditor"), _ALL),
    "read_session": dict.fromkeys(KINDS, _ALL),
    "sign_out": dict.fromkeys(KINDS, _ALL),
    "give_code": dict.fromkeys(KINDS, _ALL),
    **dict.fromkeys(
        (
            "register_webhook",
            "list_webhooks",
            "delete_webhook",
            "rotate_webhook_secret",
            "list_failed_deliveries",
            "retry_deliveries",
        ),
        # Persons read the feed; what only they may see leaves for no address.
        dict.fromkeys((*_CLINICS, *_EMPLOYERS, "desk"), _OWN),
    ),
}
assert all(kinds.keys() <= set(KINDS) for kinds in ROLES.values())


def grant_of(principal: Principal, operation: str) -> Grant:
    """Raises Denied where the principal's kind has no part in this operation, or there is no such operation."""
    grant = ROLES.get(operation, {}).get(principal.kind)
    if grant is None:
        raise Denied("NOT_ALLOWED", operation)
    return grant
