"""A Merkle tree as RFC 9162 defines it, without a thought for speed: what ours is compared with."""

from collections.abc import Sequence
from hashlib import sha256


def root(leaves: Sequence[bytes]) -> bytes:
    """Section 2.1.1, word for word."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    half = largest_power_below(len(leaves))
    return sha256(b"\x01" + root(leaves[:half]) + root(leaves[half:])).digest()


def inclusion(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    half = largest_power_below(len(leaves))
    if index < half:
        return [*inclusion(index, leaves[:half]), root(leaves[half:])]
    return [*inclusion(index - half, leaves[half:]), root(leaves[:half])]


def consistency(old: int, leaves: Sequence[bytes], *, is_whole: bool = True) -> list[bytes]:
    """Section 2.1.4.1."""
    if old == len(leaves):
        return [] if is_whole else [root(leaves)]
    half = largest_power_below(len(leaves))
    if old <= half:
        return [*consistency(old, leaves[:half], is_whole=is_whole), root(leaves[half:])]
    return [*consistency(old - half, leaves[half:], is_whole=False), root(leaves[:half])]


def largest_power_below(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power
