"""Access: who may act, and what each role may do. Decides from plain values; stores nothing, asks nobody."""
