"""A parameter file of the tests' own, for tests of the machinery: what the law says later is no matter to them."""

from pathlib import Path

FUNERAL_B1 = '  2015-07-01: {value: 3_000_000, reference: "PP 44/2015 art 25, 34", marker: VERIFIED-2}\n'
FUNERAL_B2 = '  2019-12-02: {value: 10_000_000, reference: "PP 82/2019 art 25, 34", marker: VERIFIED-2}\n'
FUNERAL = f"description: Funeral cost\nunit: rupiah\nvalues:\n{FUNERAL_B1}{FUNERAL_B2}checked_on: 2026-11-22\n"


def funeral_file(folder: Path, amount: int = 10_000_000) -> Path:
    """funeral.yaml with this amount from 2019-12-02 on."""
    file = folder / "funeral.yaml"
    file.write_text(FUNERAL.replace("10_000_000", str(amount)), encoding="utf-8")
    return file
