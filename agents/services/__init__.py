"""Kafka and PostgreSQL from packages, to try with and for tests."""
