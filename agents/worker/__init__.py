"""The worker process: its batches, its supervisor, health, metrics and logs."""
