"""The read side: what is shown of the store to officers, auditors and operators. Never writes."""
