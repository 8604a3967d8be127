"""From a written sentence to what captions show and a voice says."""

import regex

from apps.common.text.markup import visible
from apps.common.text.profanity import Profanity, apply_profanity, uncensored
from apps.common.text.spoken_english import URL, Neighbours, say
from apps.common.text.spoken_numbers import numbers_in
from apps.common.text.tokens import SpokenToken
from apps.common.text.words import graphemes

# A word, or a dash or dots that glue two words: "wait—what", "I...don't".
_CHUNK = regex.compile(r"\S+?(?:—+|–(?=\p{L})|\.{2,}|…)(?=[\p{L}\p{N}\p{Sc}])|\S+")
_EDGES = regex.compile(
    r"(?P<lead>[(\[{<\"'“‘«„‹¿¡~*]*)"
    r"(?P<core>.*?)"
    r"(?P<tail>[.,!?;:…\"'”’»›)\]}>~*—–\-،؛؟。！？、，；：।॥۔]*)",
    regex.DOTALL,
)
_EMOTICON = regex.compile(
    r"[<>]?[:;=8xX][-o^']?[)(\][DPp/\\|*3]+|[)(\][D]+[-o^']?[:;=]|<3+|</3|\^_*\^|>_*<|-_+-|[oO]_[oO]|¯?_\(ツ\)_/?¯?|[xX]D+"
)
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]{3}")
_UNSPACED_PIECE = 4
_REPEATED = regex.compile(r"([!?,;:])\1+|([!?])[!?]{2,}|(?P<dots>\.{4,})")
_NUMERIC_TAIL = regex.compile(r"[\"”'’]")


def speakable(sentence: str, *, language: str = "en", profanity: Profanity = "keep") -> tuple[SpokenToken, ...]:
    """The words of a sentence, each as shown and as said.

    Every ``display`` is a piece of the sentence. English is read out in full: abbreviations, ages, numbers, money,
    dates, addresses; no digit, address or emoji is left in ``spoken``. In other languages words stay as they are and
    numbers become words where the language's number words are known. Punctuation a voice heeds stays in ``spoken``.
    """
    text, origins = visible(sentence)
    chunks = [piece for match in _CHUNK.finditer(text) for piece in _cut_unspaced(match.start(), match[0])]
    parts = [_EDGES.fullmatch(chunk) for _, chunk in chunks]
    cores = [part["core"] for part in parts]
    tokens: list[SpokenToken] = []
    for index, ((start, chunk), part) in enumerate(zip(chunks, parts, strict=True)):
        near = Neighbours(cores[index - 1] if index else "", cores[index + 1] if index + 1 < len(cores) else "")
        begin, end = _shown(chunk, part)
        display = sentence[origins[start + begin] : origins[start + end - 1] + 1]
        spoken = _spoken(chunk, part, near, language=language, profanity=profanity)
        if (part["lead"] and part["lead"][-1] in "([{") or not part["core"]:
            _pause_before(tokens, chunk)
        tokens.append(SpokenToken(display=display, spoken=spoken))
    return tuple(tokens)


def _cut_unspaced(start: int, chunk: str) -> list[tuple[int, str]]:
    """Chinese and Japanese run on without spaces; captions need pieces that fit, so punctuation and length cut them."""
    if not _UNSPACED.search(chunk):
        return [(start, chunk)]
    pieces: list[tuple[int, str]] = []
    current = ""
    for cluster in graphemes(chunk):
        follows = regex.match(r"[\p{P}\p{S}]", cluster)
        closed = regex.search(r"[\p{Po}\p{Pe}\p{Pf}]$", current)
        if current and not follows and (closed or len(graphemes(current)) >= _UNSPACED_PIECE):
            pieces.append((start, current))
            start += len(current)
            current = ""
        current += cluster
    return [*pieces, (start, current)]


def _shown(chunk: str, part: regex.Match[str]) -> tuple[int, int]:
    """Which stretch of a chunk captions show: an address by its host alone, "!!!!" as one mark."""
    begin, end = 0, len(chunk)
    address = URL.fullmatch(part["core"])
    if address:
        begin = part.start("core") + address.start("host")
        return begin, begin + len(address["host"])
    repeated = _REPEATED.fullmatch(part["tail"]) if part["core"] else None
    if repeated:
        end = part.start("tail") + (3 if repeated["dots"] else 1 if repeated[1] else 2)
    return begin, end


def _spoken(chunk: str, part: regex.Match[str], near: Neighbours, *, language: str, profanity: Profanity) -> str:
    if _EMOTICON.fullmatch(chunk):
        return ""
    core, tail = part["core"], part["tail"]
    if part["lead"].endswith("*") or tail.startswith("*"):
        core, tail = core + regex.match(r"\**", tail)[0], tail.lstrip("*")
    core = uncensored(core)
    if language.partition("-")[0] == "en":
        spoken = say(core + _inch_mark(core, tail), near)
    elif address := URL.fullmatch(core):
        spoken = address["host"]
    else:
        spoken = numbers_in(core.strip("*"), language=language)
    spoken = apply_profanity(spoken, profanity).strip()
    if tail == "." and near.after and (len(core) <= 2 or spoken.lower() != core.lower()):
        tail = ""  # it belonged to the abbreviation
    return spoken + _pause(tail) if spoken else ""


def _inch_mark(core: str, tail: str) -> str:
    return '"' if regex.fullmatch(r"\d['’]\d{1,2}", core) and _NUMERIC_TAIL.match(tail) else ""


def _pause(tail: str) -> str:
    """The one mark of a closing that a voice should heed."""
    for marks, pause in (("?？؟", "?"), ("!！", "!"), ("。।॥۔", "."), ("…", ","), (";；؛", ";"), (":：", ":")):
        if any(mark in tail for mark in marks):
            return pause
    if ".." in tail:
        return ","
    if "." in tail:
        return "."
    return "," if regex.search(r"[,،、，)\]}—–]", tail) else ""


def _pause_before(tokens: list[SpokenToken], chunk: str) -> None:
    """An opening bracket or a lone dash is heard as a pause after the word before it."""
    if not tokens or not tokens[-1].spoken or not regex.search(r"[(\[{—–-]", chunk):
        return
    last = tokens[-1]
    if last.spoken[-1].isalpha():
        tokens[-1] = SpokenToken(display=last.display, spoken=last.spoken + ",")
