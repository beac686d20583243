"""Signals: what an officer or an auditor may want to look at. They decide nothing and move no claim in the queue."""
