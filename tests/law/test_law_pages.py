"""Each place of docs/law that code, parameters and pages cite exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("pipeline", "schemas", "agents", "docs")
RULES = (ROOT / "docs/law/rules.md").read_text(encoding="utf-8")
READINGS = (ROOT / "docs/law/clarifications.md").read_text(encoding="utf-8")


def cited(pattern: str) -> set[str]:
    """Return what the pattern's group finds in the texts of the repository."""
    files = (
        path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".yaml", ".md"}
    )
    return {found for path in files for found in re.findall(pattern, path.read_text("utf-8"))}


def test_each_cited_section_of_the_rules_exists() -> None:
    sections = cited(r"rules\.md section (\d+)")
    assert sections
    assert sections <= set(re.findall(r"^## (\d+)\.", RULES, re.M))


def test_each_cited_heading_of_the_clarifications_exists() -> None:
    headings = cited(r"clarifications, ([A-Z]\w+)")
    assert headings
    known = re.findall(r"^## (.+)$", READINGS, re.M)
    assert {name for name in headings if not any(h.startswith(name) for h in known)} == set()


def test_each_cited_amendment_has_its_line_in_the_rules() -> None:
    numbers = cited(r"[Aa]mendments? (\d+)")
    assert numbers
    listed = RULES.partition("## 12. Amendments by number")[2]
    assert numbers <= set(re.findall(r"^\| (\d+) \|", listed, re.M))
