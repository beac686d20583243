"""Rights in a PostgreSQL database that nobody needs: powers of roles, rights on tables, what everybody may.

The roles are those of `agents/services/roles.sql`. Each finding is a sentence with its remedy. Reads catalogs alone,
which every role may.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import text

from pipeline.store.readable import Readable

OWNER: Final = "santunan_owner"
OTHERS: Final = ("santunan_worker", "santunan_gateway", "santunan_webhooks", "santunan_reader")
MOST_SKEW: Final = dt.timedelta(seconds=5)  # a code of 30 seconds is taken one step early or late, and no more
_CREDENTIALS: Final = frozenset({"api_keys", "passwords", "second_factors", "sessions", "one_time_links"})
_WEBHOOKS: Final = frozenset({"webhooks", "webhook_deliveries"})
_DECIDED: Final = frozenset(
    {
        "positions", "chunks", "ledger", "members", "member_months", "persons", "cases", "decisions", "payouts",
        "paid_lines", "outputs", "dead_letters", "origins", "acceptances", "nik_keys",
    }
)  # fmt: skip
_WRITES: Final = frozenset({"INSERT", "UPDATE", "DELETE"})
_OWNERS: Final = frozenset({"TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"})
_ANY: Final = _WRITES | {"SELECT"}
_POWERS: Final = {
    "rolsuper": "SUPERUSER",
    "rolcreaterole": "CREATEROLE",
    "rolcreatedb": "CREATEDB",
    "rolreplication": "REPLICATION",
    "rolbypassrls": "BYPASSRLS",
}


def _beyond(role: str, table: str) -> frozenset[str]:
    """Which rights on this table the role must not have."""
    found: frozenset[str] = _OWNERS
    if role == "santunan_reader":
        found |= _ANY if table in _CREDENTIALS | _WEBHOOKS else _WRITES
    elif role == "santunan_worker":
        found |= _ANY if table in _CREDENTIALS | _WEBHOOKS else frozenset()
    elif role == "santunan_gateway":
        found |= _WRITES if table in _DECIDED else frozenset()
    elif role == "santunan_webhooks":
        found |= _ANY if table in _CREDENTIALS else _WRITES if table in _DECIDED else frozenset()
    return found


def powers(store: Readable) -> list[str]:
    """Roles that could do anything: ours, and the one that is connected."""
    columns = ", ".join(_POWERS)
    statement = f"SELECT rolname, {columns} FROM pg_roles WHERE rolname = current_user OR rolname = ANY(:ours)"  # noqa: S608
    found = []
    for row in _rows(store, statement, ours=[OWNER, *OTHERS]):
        held = [word for name, word in _POWERS.items() if row[name]]
        if held:
            remedy = " ".join(f"NO{word}" for word in held)
            found.append(f"the role {row['rolname']} has {', '.join(held)}: ALTER ROLE {row['rolname']} {remedy}")
    return found


def memberships(store: Readable) -> list[str]:
    """Roles of ours that have the rights of another one as well."""
    statement = (
        "SELECT member.rolname AS member, other.rolname AS other FROM pg_auth_members "
        "JOIN pg_roles member ON member.oid = pg_auth_members.member "
        "JOIN pg_roles other ON other.oid = pg_auth_members.roleid WHERE member.rolname = ANY(:ours) ORDER BY 1, 2"
    )
    return [
        f"the role {row['member']} has the rights of {row['other']} too: REVOKE {row['other']} FROM {row['member']}"
        for row in _rows(store, statement, ours=[OWNER, *OTHERS])
    ]


def table_rights(store: Readable) -> list[str]:
    """Rights on tables beyond what the parts of Santunan need."""
    statement = (
        "SELECT pg_class.relname AS name, coalesce(pg_roles.rolname, 'PUBLIC') AS role, acl.privilege_type AS held "
        "FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "CROSS JOIN LATERAL aclexplode(relacl) acl LEFT JOIN pg_roles ON pg_roles.oid = acl.grantee "
        "WHERE nspname = 'public' AND relkind IN ('r', 'p') AND acl.grantee <> relowner ORDER BY 2, 1, 3"
    )
    held: dict[tuple[str, str], list[str]] = {}
    for row in _rows(store, statement):
        role, table = row["role"], row["name"]
        if role == "PUBLIC" or row["held"] in _beyond(role, table):
            held.setdefault((role, table), []).append(row["held"])
    return [
        f"{role} may {', '.join(rights)} the table {table} and needs not: "
        f"REVOKE {', '.join(rights)} ON {table} FROM {role}"
        for (role, table), rights in held.items()
    ]


def rights_of_everybody(store: Readable) -> list[str]:
    """What a role that has nothing to do with Santunan may do here."""
    [row] = _rows(
        store,
        "SELECT current_database() AS name, "
        "EXISTS (SELECT FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) acl "
        "WHERE datname = current_database() AND acl.grantee = 0) AS connects, "
        "EXISTS (SELECT FROM pg_namespace, aclexplode(nspacl) acl "
        "WHERE nspname = 'public' AND acl.grantee = 0) AS looks",
    )
    found = []
    if row["connects"]:
        found.append(f"every role may connect to the database: REVOKE ALL ON DATABASE {row['name']} FROM PUBLIC")
    if row["looks"]:
        found.append("every role may use the schema: REVOKE ALL ON SCHEMA public FROM PUBLIC")
    return found


def ownership(store: Readable) -> list[str]:
    """Whether a part of Santunan is connected as who may drop the tables."""
    statement = (
        "SELECT current_user AS role FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "JOIN pg_roles ON pg_roles.oid = relowner WHERE nspname = 'public' AND relname = 'ledger' "
        "AND pg_roles.rolname = current_user AND current_user <> :owner"
    )
    return [
        f"the role {row['role']} owns the tables, so it may drop them: make the roles of agents/services/roles.sql, "
        "give the tables to santunan_owner, and connect each part as its own role"
        for row in _rows(store, statement, owner=OWNER)
    ]


def encryption(store: Readable) -> list[str]:
    """Whether personal data cross a network in the clear."""
    statement = (
        "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND NOT ssl "
        "AND inet_server_addr() IS NOT NULL AND NOT inet_client_addr() <<= inet '127.0.0.0/8' "
        "AND inet_client_addr() <> inet '::1'"
    )
    said = "the database is spoken to without TLS: add ?sslmode=verify-full&sslrootcert=FILE to SANTUNAN_DATABASE_URL"
    return [said for _ in _rows(store, statement)]


def clock_skew(store: Readable, now: Callable[[], dt.datetime]) -> list[str]:
    """`now`: of this machine, asked before and after the database."""
    before = now()
    [row] = _rows(store, "SELECT clock_timestamp() AS clock")
    middle = before + (now() - before) / 2
    skew = abs(row["clock"] - middle)
    if skew <= MOST_SKEW:
        return []
    return [
        f"the clocks of this machine and of the database differ by {skew.total_seconds():.0f} s: "
        "keep both by NTP; codes of second factors and deadlines depend on them"
    ]


def findings(store: Readable, now: Callable[[], dt.datetime]) -> Mapping[str, list[str]]:
    """All of them, by what was examined."""
    return {
        "powers of roles": [*powers(store), *memberships(store), *ownership(store)],
        "rights in the database": [*table_rights(store), *rights_of_everybody(store)],
        "connection to the database": encryption(store),
        "clocks": clock_skew(store, now),
    }


def _rows(store: Readable, statement: str, **values: object) -> list[Mapping[str, Any]]:
    with store.reader() as connection:
        return [row._mapping for row in connection.execute(text(statement), values)]  # type: ignore[misc]
