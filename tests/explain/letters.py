"""The letters as files: `letters/<language>/<name>.txt`, read line by line before they are committed.

`python -m tests.explain.letters` writes them anew and takes away those that no example has any more.
"""

from pathlib import Path
from typing import Final

from pipeline.explain import LANGUAGES, Language, render_letter
from tests.explain.examples import examples

LETTERS: Final = Path(__file__).parent / "letters"


def path_of(name: str, language: Language) -> Path:
    return LETTERS / language / f"{name}.txt"


def written() -> dict[Path, str]:
    """Every letter as the program prints it today."""
    return {
        path_of(name, language): render_letter(example.explained(language))
        for name, example in examples().items()
        for language in LANGUAGES
    }


if __name__ == "__main__":
    letters = written()
    for path, text in letters.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for left in set(LETTERS.rglob("*.txt")) - set(letters):
        left.unlink()
    print(f"{len(letters)} letters in {LETTERS.name}/")
