"""Cutting text into sentences without losing a character."""

import regex

from apps.common.text.words import belong_together, word_set

_INITIAL_NAMES = {
    # How the names of Latin letters are written when they stand for initials ("എം. ടി. വാസുദേവൻ നായർ").
    "ml": "എ ബി സി ഡി ഇ എഫ് ജി എച്ച് ഐ ജെ കെ എൽ എം എൻ ഒ പി ക്യു ആർ എസ് ടി യു വി ഡബ്ല്യു എക്സ് വൈ ഇസഡ്",
    "hi": "ए बी सी डी ई एफ जी एच आई जे के एल एम एन ओ पी क्यू आर एस टी यू वी डब्ल्यू एक्स वाई जेड",
}
# Never the end of a sentence: something always follows.
_OPENING_ABBREVIATIONS = word_set(
    """
    mr mrs ms mx dr prof rev hon gen col lt sgt capt cmdr maj gov sen rep pres st mt ft vs v cf e.g i.e eg ie viz al
    fig figs vol ch pp approx est dept min max ave blvd rd ed eds resp incl excl jan feb mar apr jun jul aug sep sept
    oct nov dec mon tue tues wed thu thurs fri sat sun messrs mme mlle m.d ph.d b.a m.a rs
    ഡോ ശ്രീ ശ്രീമതി അഡ്വ പ്രൊഫ डॉ श्री श्रीमती प्रो
    """
).union(*(names.split() for names in _INITIAL_NAMES.values()))
# Of these, ordinary words too: "We sat. Then it rained."
_ORDINARY_WORDS = word_set("min max sat sun mar jan ed ave fig est v")
# Short for something only before a number: "No. 5" but "I said no. Then he left."
_BEFORE_NUMBERS = word_set("no nos art sec p para eq ext")
# The end of a sentence only when the next word looks like a beginning.
_CLOSING_ABBREVIATIONS = word_set("etc a.m p.m am pm jr sr inc ltd co corp llc bros esq ad bc")
_STARTERS = word_set(
    """
    i he she it we they you the a an this that these those there here but and so then when after before now my his her
    our their your what why how who if as in on at for not no yes well okay ok
    """
)

_CLOSERS = r"[\p{Pe}\p{Pf}\"'”’»*_~]*(?:!<)?[\p{Pe}\p{Pf}\"'”’»*_~]*"
_BOUNDARY_PATTERN = r"""
      (?P<line>\s*[\n\r\v\f\x85\u2028\u2029]\s*)
    | (?P<full>[。！？｡।॥՞።፧။៕᠃]+{closers}\s*)
    | (?P<stop>[.!?…‥؟۔{more_stops}]+)(?P<close>{closers})\s+
"""
_BOUNDARY = regex.compile(_BOUNDARY_PATTERN.format(closers=_CLOSERS, more_stops=""), regex.VERBOSE)
_GREEK_BOUNDARY = regex.compile(_BOUNDARY_PATTERN.format(closers=_CLOSERS, more_stops=";\u037e"), regex.VERBOSE)
_LAST_WORD = regex.compile(r"(?:[\p{L}\p{M}\u200c\u200d]+\.)*[\p{L}\p{M}\u200c\u200d]+$")
_NEXT_WORD = regex.compile(r"[\p{Ps}\p{Pi}\"'“‘«*_~>!]*([\p{L}\p{M}\p{N}'’]+)")
_LIST_NUMBER = regex.compile(r"(?:^|[\n\r])\s*[(#*_]*(?:\p{Nd}{1,3}|\p{Lu})$")


def sentences(text: str, *, language: str = "en") -> list[str]:
    """The sentences of a text, each with the white space that follows it; joined they are the text again.

    Line ends close sentences. Abbreviations of English, Malayalam and Hindi are known in any text, because stories mix
    languages; ``language`` decides what no text can tell, such as the Greek question mark that looks like a semicolon.
    """
    found: list[str] = []
    start = 0
    boundary = _GREEK_BOUNDARY if language.partition("-")[0] == "el" else _BOUNDARY
    for match in boundary.finditer(text):
        if match.end() == len(text) or _ends_sentence(text, start, match):
            found.append(text[start : match.end()])
            start = match.end()
    if start < len(text):
        found.append(text[start:])
    return _without_blank_pieces(found)


def _ends_sentence(text: str, start: int, match: regex.Match[str]) -> bool:
    if belong_together(match[0], text[match.end() : match.end() + 1]):
        return False
    if match["line"] is not None:
        return True
    following = _NEXT_WORD.match(text, match.end())
    next_word = following[1] if following else ""
    if match["full"] is not None:
        return not (match["full"].rstrip()[-1] in "”’」』»\"'" and next_word[:1].islower())
    if match["close"] and next_word[:1].islower():
        return False  # “Really?” she asked.
    if match["stop"].startswith("..") or match["stop"][0] in "…‥":
        return not next_word[:1].islower()
    if match["stop"] != "." or match["close"]:
        return True
    return not _is_abbreviation(text[start : match.start()], next_word)


def _is_abbreviation(before: str, next_word: str) -> bool:
    """Whether the full stop after ``before`` belongs to its last word."""
    if _LIST_NUMBER.search(before[-12:] if len(before) > 12 else "\n" + before):
        return True
    last = _LAST_WORD.search(before)
    if not last:
        return False
    word = last[0]
    lower = word.lower()
    if lower in _OPENING_ABBREVIATIONS:
        return lower not in _ORDINARY_WORDS or not next_word[:1].isupper()
    if lower in _BEFORE_NUMBERS:
        return next_word[:1].isdigit()
    if lower in _CLOSING_ABBREVIATIONS:
        return not next_word[:1].isupper()
    if len(word) == 1 and word.isupper() and word != "I":
        return next_word.lower() not in _STARTERS or next_word.islower()
    if "." in word and all(len(letter) == 1 for letter in word.split(".")):
        return next_word.lower() not in _STARTERS or next_word.islower()
    return False


def _without_blank_pieces(found: list[str]) -> list[str]:
    """White space alone is no sentence: it joins the one before, or the one after at the start of the text."""
    joined: list[str] = []
    lead = ""
    for piece in found:
        if not piece.strip():
            if joined:
                joined[-1] += piece
            else:
                lead += piece
        else:
            joined.append(lead + piece)
            lead = ""
    return joined or ([lead] if lead else [])
