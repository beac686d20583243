"""Parts that every Kafka client of the program shares: connection, security, access check, topics."""
