"""Words of the statistics: titles of sections and columns, and what they find. Pure."""

from pipeline.explain.texts import text


def statistics_text(language: str, *path: str, **values: str | int) -> str:
    """A text of `statistics`, filled in. Raises NoText."""
    return text(language, "statistics", *path).format_map(values)
