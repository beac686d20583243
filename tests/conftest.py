"""What the fault tests did to the servers is said at the end of a run, whichever process ran them."""

import pytest

FAULTS = "faults"  # the property under which a test notes its counts


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    for report in reports:
        for name, counts in report.user_properties:
            if name == FAULTS:
                terminalreporter.write_line(f"{report.location[2]}: {counts}")
