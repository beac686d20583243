"""A history that proves itself: the Merkle tree, its signed checkpoints, leaves, receipts, and the verifier."""
