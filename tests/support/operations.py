"""Modules of operations of which tests hold that each function has a row, beside those that they name."""

from pipeline.operations import coverage_calls, coverage_picture, imports, known_workers

MORE = (imports, coverage_picture, coverage_calls, known_workers)
