"""The pipeline: everything the system knows and decides. Never imports agents, faust or kafka."""
