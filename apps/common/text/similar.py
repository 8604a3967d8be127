"""Finding the same story told twice: 64-bit similarity fingerprints (Charikar 2002, "simhash")."""

from collections import Counter
from hashlib import blake2b

from apps.common.text.normalise import normalise
from apps.common.text.words import words

_BITS = 64
_SHINGLE = 3
NEAR_IDENTICAL = 0.9


def _shingles(text: str) -> Counter[str]:
    plain = [word.casefold() for word in words(normalise(text))]
    if not plain:
        return Counter([normalise(text)])
    size = min(_SHINGLE, len(plain))
    return Counter(" ".join(plain[start : start + size]) for start in range(len(plain) - size + 1))


def fingerprint(text: str) -> str:
    """16 hexadecimal digits that differ in few bits for texts that differ in few words.

    Case, punctuation, spacing and the way characters are composed do not matter.
    """
    votes = [0] * _BITS
    for shingle, weight in _shingles(text).items():
        bits = int.from_bytes(blake2b(shingle.encode(), digest_size=_BITS // 8).digest())
        for position in range(_BITS):
            votes[position] += weight if bits >> position & 1 else -weight
    value = sum(1 << position for position, vote in enumerate(votes) if vote > 0)
    return f"{value:016x}"


def similarity(first: str, second: str) -> float:
    """How alike two fingerprints are: 1.0 for the same text, around 0.5 for unrelated ones."""
    return 1 - (int(first, 16) ^ int(second, 16)).bit_count() / _BITS


def overlap(first: str, second: str) -> float:
    """The share of their runs of three words that two texts have in common: 1.0 for the same text, 0.0 for none."""
    mine, others = set(_shingles(first)), set(_shingles(second))
    return len(mine & others) / len(mine | others)


def near_identical(first: str, second: str) -> bool:
    """Whether two fingerprints are of the same text give or take an edit; wants texts of 50 words or more."""
    return similarity(first, second) >= NEAR_IDENTICAL
