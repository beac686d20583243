"""Words of what is kept about a person: what a table holds, and by which rule it goes. Pure."""

from pipeline.explain.texts import find, text

_TOPIC = "topic "


def kept_title(where: str, language: str) -> str:
    """`ledger` -> `semua kejadian yang diterapkan`; of a topic one text for all. Raises NoText."""
    return text(language, "kept", "tables", "topic" if where.startswith(_TOPIC) else where)


def kept_rule(where: str, language: str) -> str:
    """Until when it is kept. Raises NoText."""
    rules = find(language, "kept", "rules")
    found: str = rules.get(where, rules["always"])
    return found


def kept_text(language: str, name: str, **values: str | int) -> str:
    """A sentence, filled in. Raises NoText."""
    return text(language, "kept", "sentences", name).format_map(values)
