"""The Kafka transport: consumer, fetcher, publisher, assignor."""
