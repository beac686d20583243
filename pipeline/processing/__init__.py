"""One batch of events in one transaction, and the same without a store."""
