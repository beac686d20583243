"""The virus scanner: a command of the operator that gets the path of a file, and refuses it by its status."""

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

from pipeline.errors import NotReady, Transient

SCAN_SECONDS: Final = 60.0


class Scanner:
    """`command`: None: every file passes. Raises NotReady where there is no such program."""

    def __init__(self, command: str | None, seconds: float = SCAN_SECONDS) -> None:
        self._command = shlex.split(command or "")
        self._seconds = seconds
        if self._command and shutil.which(self._command[0]) is None:
            raise NotReady(
                f"SANTUNAN_PAPERS_SCANNER: there is no program {self._command[0]}; install it, or correct it"
            )

    def passes(self, file: Path) -> bool:
        """Status 0. Raises Transient where it does not end in time, or does not begin."""
        if not self._command:
            return True
        try:
            done = subprocess.run(  # noqa: S603 - the command is the operator's
                [*self._command, str(file)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self._seconds,
                check=False,
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            raise Transient(
                f"the virus scanner did not answer ({type(error).__name__}): send the paper again"
            ) from None
        return done.returncode == 0
