"""The table of roles × operations, as the design document has it, and the function that reads it."""

import pytest

from pipeline.access.principals import KINDS, new_principal
from pipeline.access.roles import ROLES, Denied, grant_of

# operation: the kinds that may, in the order of the design document's columns; * means only what is theirs
DESIGN = {
    "report_accident": "clinic hospital employer* cooperative* office",
    "report_death": "hospital desk office",
    "import_claims": "clinic hospital employer* cooperative* desk office",
    "add_evidence": "clinic hospital employer cooperative desk office",
    "appeal": "desk* office",
    "submit_events": "clinic hospital employer cooperative desk office officer payments",
    "change_member": "employer* cooperative* office",
    "import_members": "employer* cooperative* office",
    "export_members": "employer* cooperative* office*",
    "import_contributions": "employer* cooperative* office payments",
    "report_wage": "employer* cooperative* office",
    "pay_contribution": "employer* cooperative* office payments",
    "review": "officer",
    "put_paper": "clinic hospital employer cooperative desk office",
    "read_paper": "clinic* hospital* employer* cooperative* desk* office officer auditor",
    "settle": "payments",
    "list_payouts": "payments",
    "check_cover": "clinic hospital employer* cooperative* desk office officer auditor",
    "read_coverage": "office officer auditor",
    **dict.fromkeys(("list_signals", "list_claim_signals"), "officer auditor"),
    "list_calls": "employer* cooperative* office",
    "read_statistics": "office officer auditor",
    "list_protection": "employer* cooperative* office",
    **dict.fromkeys(("import_known", "list_known_matches", "decide_known_match"), "office"),
    "read_claim": "clinic* hospital* employer* cooperative* desk* office officer payments auditor",
    **dict.fromkeys(("read_known", "explain_known", "read_member_known"), "officer auditor"),
    "list_claims": "clinic* hospital* employer* cooperative* desk* office officer auditor",
    "find_claims": "clinic* hospital* employer* cooperative* desk* office officer auditor",
    "explain_claim": "desk* office officer auditor",
    "list_decisions": "clinic* hospital* employer* cooperative* desk* office officer auditor",
    "list_work": "officer auditor",
    "changed_since": "officer auditor",
    "count_work": "officer auditor",
    "read_holder": "officer auditor",
    **dict.fromkeys(("take_claim", "release_claim"), "officer"),
    "preview_ruling": "officer",
    "read_case": "office officer auditor",
    **dict.fromkeys(("read_law", "read_parameter", "compare_law"), " ".join(KINDS)),
    "read_dossier": "officer auditor",
    "try_number": "officer auditor",
    "read_session": " ".join(KINDS),
    "sign_out": " ".join(KINDS),
    "give_code": " ".join(KINDS),
    **dict.fromkeys(
        (
            "register_webhook",
            "list_webhooks",
            "delete_webhook",
            "rotate_webhook_secret",
            "list_failed_deliveries",
            "retry_deliveries",
        ),
        "clinic* hospital* employer* cooperative* desk*",
    ),
    **dict.fromkeys(("list_refused", "read_refused"), "auditor operator"),
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
        "operator",
    ),
    "read_kept": "auditor operator",
    **dict.fromkeys(("find", "read_trail", "read_person"), "auditor"),
    "read_ledger": "auditor operator",
    **dict.fromkeys(("read_proof", "start_verification", "start_replay", "read_run"), "auditor"),
    "read_receipt": "clinic* hospital* employer* cooperative* desk* office* officer* payments*",
}


@pytest.mark.parametrize("operation", sorted(DESIGN.keys() | ROLES.keys()))
@pytest.mark.parametrize("kind", KINDS)
def test_each_cell_is_as_designed(operation: str, kind: str) -> None:
    cells = DESIGN[operation].split()
    principal = new_principal(kind, "one")
    if kind not in cells and f"{kind}*" not in cells:
        with pytest.raises(Denied, match="NOT_ALLOWED"):
            grant_of(principal, operation)
    else:
        assert grant_of(principal, operation).reach == ("all" if kind in cells else "own")


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_no_row_is_denied(kind: str) -> None:
    with pytest.raises(Denied):
        grant_of(new_principal(kind, "one"), "read_everything")


@pytest.mark.parametrize("kind", ["clinic", "hospital", "employer", "cooperative", "payments"])
def test_who_is_no_officer_sees_no_more_than_its_part_of_a_claim(kind: str) -> None:
    assert grant_of(new_principal(kind, "one"), "read_claim").view != "full"
