"""Checks the history: replay, the impact of a rule, invariants."""
