"""Words of what was known at a moment: its parts, their labels, the answers about cover. Pure."""

from pipeline.explain.texts import text


def known_label(name: str, language: str) -> str:
    """`decided_at` -> `diputuskan pada`. Raises NoText."""
    return text(language, "known", "labels", name)


def known_word(name: str, language: str) -> str:
    """`yes` -> `terlindungi`. Raises NoText."""
    return text(language, "known", "words", name)


def known_text(language: str, *path: str, **values: str | int) -> str:
    """A text of `known`, filled in. Raises NoText."""
    return text(language, "known", *path).format_map(values)
