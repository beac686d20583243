"""QR codes of letters, as SVG: shapes alone, no style, no script, nothing to load."""

import io
from typing import Final

import segno

_QUIET: Final = 4  # modules of white around it, as ISO/IEC 18004 wants


def qr_svg(code: str) -> str:
    """An `<svg>` without a size: who embeds it gives one. Error correction M: a fold may hide 15 % of it."""
    made, written = segno.make_qr(code, error="m", boost_error=False), io.BytesIO()
    made.save(
        written,
        kind="svg",
        border=_QUIET,
        xmldecl=False,
        svgns=True,
        omitsize=True,
        svgclass=None,
        lineclass=None,
        light="#fff",
        nl=False,
    )
    return written.getvalue().decode()
