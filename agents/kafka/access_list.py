"""The access list of the broker as it must be: gives the rights and compares them. The default is no.

Only the gateway writes intake, only the worker outputs, only operators history. The worker writes one intake topic,
members, for the events of the daily clock.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import ClusterAuthorizationFailedError, NoError, SecurityDisabledError

from agents.settings import Settings
from pipeline.errors import NotReady
from schemas import topics

_SENT: Final = tuple(name for name in topics.INTAKE if name != topics.HISTORY)
# Topics by principal and operation; whoever may read or write a topic may see that it is there.
_TOPICS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "gateway": {"WRITE": _SENT, "READ": topics.OUTPUT},
    "worker": {
        "WRITE": (topics.MEMBERS, *topics.OUTPUT, topics.CHECKPOINTS),
        "READ": topics.ALL,
        "DESCRIBE_CONFIGS": topics.ALL,
    },
    "operator": {"WRITE": (topics.HISTORY,), "READ": topics.ALL, "DESCRIBE_CONFIGS": topics.ALL},
    "payments": {"READ": (topics.PAYOUTS,)},
    "console": {"READ": topics.OUTPUT},
}


class Right(NamedTuple):
    """`principal` may do `operation` on the resource. `is_prefix`: on all whose name begins so."""

    principal: str
    operation: str
    resource: str
    name: str
    is_prefix: bool = False

    def __str__(self) -> str:
        names = f"{self.name}*" if self.is_prefix else self.name
        return f"{self.principal} may {self.operation} {self.resource.lower()} {names}"


def declared(settings: Settings) -> set[Right]:
    """Every right as it must be."""
    found = {
        Right(f"User:{principal}", operation, "TOPIC", name)
        for principal, operations in _TOPICS.items()
        for operation, names in operations.items()
        for name in names
    }
    for principal in ("worker", "operator"):  # the operator sets positions back after a restore
        found.add(Right(f"User:{principal}", "READ", "GROUP", settings.group))
    for operation in ("WRITE", "DESCRIBE"):
        found.add(Right("User:worker", operation, "TRANSACTIONAL_ID", f"{settings.group}-", is_prefix=True))
    found.add(Right("User:operator", "DESCRIBE", "CLUSTER", "kafka-cluster"))  # to compare this list
    return found


def create(admin: Any, settings: Settings) -> list[str]:
    """Give the rights that are missing; returns them. What is beyond the list is not taken away: `check` reports it.

    Raises NotReady where the broker has no authorizer.
    """
    present = _present(admin)
    if present is None:
        raise NotReady(
            f"the broker at {settings.kafka_bootstrap} has no authorizer, or kafka_user may not see its access list: "
            "set authorizer.class.name there, and use a super user"
        )
    missing = sorted(declared(settings) - present)
    if missing:
        answer = admin.create_acls([right_to_set(right) for right in missing])
        if answer["failed"]:
            raise NotReady(f"{len(answer['failed'])} rights could not be given: {answer['failed'][0][1]}")
    return [str(right) for right in missing]


def check(admin: Any, settings: Settings) -> list[str]:
    """One sentence for each right that is missing or too much. None where no list can be seen: the broker has no
    authorizer, or this user may not see it."""
    present = _present(admin)
    if present is None:
        return []
    wanted = declared(settings)
    missing = [f"{right}: this right is missing; `santunan topics create --acl` gives it" for right in wanted - present]
    beyond = [
        f"{right}: this right is not declared; take it away" for right in present - wanted if _is_ours(right, settings)
    ]
    return sorted(missing) + sorted(beyond)


def _is_ours(right: Right, settings: Settings) -> bool:
    """Whether a right of the broker reaches our topics, our group or the ids of our transactions."""
    if right.resource == "CLUSTER" or right.name == "*":
        return True
    own = {"TOPIC": topics.ALL, "GROUP": (settings.group,), "TRANSACTIONAL_ID": (f"{settings.group}-",)}
    names = own.get(right.resource, ())
    return any(name.startswith(right.name) if right.is_prefix else name == right.name for name in names)


def _present(admin: Any) -> set[Right] | None:
    """Every right that somebody has; None: no list can be seen."""
    anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    asked = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, anything)
    try:
        found, error = admin.describe_acls(asked)
    except (SecurityDisabledError, ClusterAuthorizationFailedError):
        return None
    return set(_rights(found)) if error is NoError else None


def _rights(found: list[Any]) -> Iterator[Right]:
    for acl in found:
        if acl.permission_type == ACLPermissionType.ALLOW:
            pattern = acl.resource_pattern
            is_prefix = pattern.pattern_type == ACLResourcePatternType.PREFIXED
            yield Right(acl.principal, acl.operation.name, pattern.resource_type.name, pattern.resource_name, is_prefix)


def right_to_set(right: Right) -> Any:
    kind = ACLResourcePatternType.PREFIXED if right.is_prefix else ACLResourcePatternType.LITERAL
    pattern = ResourcePattern(ResourceType[right.resource], right.name, kind)
    return ACL(right.principal, "*", ACLOperation[right.operation], ACLPermissionType.ALLOW, pattern)
