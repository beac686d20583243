"""A claim: its facts and progress, the desk that decides it, and what a decision leads to."""
