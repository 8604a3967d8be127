"""Whether an English sentence has a clause in the passive voice."""

from __future__ import annotations

import regex

from apps.engines.seo.english import words_of
from apps.engines.seo.page import Sentence

# Words, and the stops that end a clause.
_PIECE = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*|[,:!?.]|(?<=\s)–(?=\s)")
_STOP = frozenset(",:!?.–")
_NO_GERUNDS = frozenset({"anything", "having", "king", "ring", "something", "thing"})


def is_passive(sentence: Sentence) -> bool:
    """A form of "be" or "get" and, after it in the same clause, a participle that is not an adjective."""
    pieces = [piece.casefold().replace("’", "'") for piece in _PIECE.findall(sentence.text)]
    waiting = False
    for before, piece in zip(["", *pieces], pieces, strict=False):
        if piece in words_of("passive_auxiliaries"):
            waiting = True
        elif _ends_clause(piece):
            waiting = False
        elif waiting and _is_participle(piece) and before not in words_of("before_adjectives"):
            return True
    return False


def _ends_clause(piece: str) -> bool:
    """A stop, a joining word, another verb, or a gerund."""
    if piece in _STOP or piece in words_of("clause_openers"):
        return True
    return len(piece) > 3 and piece.endswith("ing") and piece not in _NO_GERUNDS


def _is_participle(word: str) -> bool:
    if word in words_of("irregular_participles"):
        return True
    return len(word) > 3 and word.endswith("ed") and word not in words_of("not_participles")
