"""The store of all state: one SQLite file, or PostgreSQL. Never imports the processor, Faust or Kafka."""

from pipeline.store.connect import migrate, open_reader, open_store

__all__ = ["migrate", "open_reader", "open_store"]
