"""Where state lives: one SQLite file, or PostgreSQL. Never imports the batch, Faust or Kafka."""

from pipeline.store.opening import open_reader, open_store

__all__ = ["open_reader", "open_store"]
