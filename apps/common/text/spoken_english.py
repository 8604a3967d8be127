"""How one written word of an English text is said, given its neighbours."""

import unicodedata
from collections.abc import Callable
from typing import NamedTuple

import regex

from apps.common.text import abbreviations as short
from apps.common.text.spoken_numbers import cardinal, clock, decade, digits, fraction, ordinal, western, year

_HOST = r"(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+(?:\p{L}{2,})"
_ENDINGS = "com org net edu gov io co uk us me tv info app dev gg ly be in de fr eu ca au ai xyz blog news"
URL = regex.compile(
    rf"(?i)(?:https?|ftp)://(?:[^/@\s]*@)?(?:www\.)?(?P<host>[^\s/?#:]+)\S*"
    rf"|www\.(?P<host>{_HOST})\S*"
    rf"|(?P<host>{_HOST.rpartition('(?:')[0]}(?:{_ENDINGS.replace(' ', '|')}))(?=[/:?#]|$)\S*"
)
_EMAIL = regex.compile(rf"(?P<name>[\p{{L}}\p{{N}}._%+-]+)@(?P<host>{_HOST})")
_AMOUNT = r"(?P<amount>\d[\d,]*(?:\.\d+)?)"
_CURRENCY_SIGN = r"(?P<sign>US\$|[$€£₹¥₩₽₿])"
_MONEY = regex.compile(
    rf"(?i)(?:{_CURRENCY_SIGN}{_AMOUNT}(?:[-–]\$?(?P<upto>\d[\d,]*(?:\.\d+)?))?|{_AMOUNT}{_CURRENCY_SIGN})"
    r"(?P<magnitude>mil|mn|bn|tn|[kmbt])?(?P<plus>\+)?(?:/(?P<per>\p{L}+))?"
)
_AGE_AND_GENDER = regex.compile(r"(?i)(?:(?P<age>[1-9]\d)[\s/-]?(?P<sex>f|m|nb)|(?P<sex>f|m|nb)/?(?P<age>[1-9]\d))")
_SEXES = {"f": "female", "m": "male", "nb": "nonbinary"}
_SEX_ALONE = regex.compile(r"F|M|NB")
_CLOCK = regex.compile(r"(?i)(?P<hours>[01]?\d|2[0-3]):(?P<minutes>[0-5]\d)(?::[0-5]\d)?(?P<half>am|pm|a\.m|p\.m)?")
_ISO_DATE = regex.compile(r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])")
_MONTH_AND_YEAR = regex.compile(r"(?P<month>0?[1-9]|1[0-2])/(?P<year>(?:19|20)\d\d)")
_PHONE = regex.compile(r"\+?\d{1,3}(?:[-.]\d{3,4}){2,3}|\d{3}-\d{4}|\+\d{8,15}|0\d{6,14}")
_HEIGHT = regex.compile(r"(?P<feet>[3-8])['’](?P<inches>\d{1,2})[\"”]?")
_ORDINAL = regex.compile(r"(?i)(?P<number>\d[\d,]*)(?:st|nd|rd|th)")
_DECADE = regex.compile(r"(?i)(?P<about>mid-|early-|late-)?(?P<number>1[5-9]\d0|20\d0|[2-9]0)['’]?s")
_RANGE = regex.compile(r"(?P<low>\d[\d,]*(?:\.\d+)?)[-–—~](?P<high>\d[\d,]*(?:\.\d+)?)(?P<unit>[\p{L}%°/]*)")
_COMPOUND = regex.compile(r"(?P<number>\d[\d,]*)-(?P<rest>\p{L}[\p{L}\p{M}'’-]*)")
_RECENT_YEAR = regex.compile(r"(?:19|20)\d\d")
_FRACTION = regex.compile(r"(?P<above>\d{1,4})/(?P<below>\d{1,4})")
_MEASURE = regex.compile(rf"(?P<minus>[-−])?{_AMOUNT}(?P<unit>[\p{{L}}%°º/.]+)(?P<plus>\+)?")
_PLAIN = regex.compile(rf"(?P<minus>[-−])?{_AMOUNT}(?P<plus>\+)?")
_CAMEL = regex.compile(r"(?<=\p{Ll})(?=\p{Lu})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})|_+")
_COUNTED = frozenset({"views", "users", "people", "followers", "subscribers", "subs", "likes", "dollars", "copies"})
_SYMBOLS = {"&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent", "°": "degrees", "#": "number"}
_RUN = regex.compile(r"(?s)\p{N}+(?:[.,]\p{Nd}+)*|[\p{L}\p{M}'’\u200c\u200d]+(?:-[\p{L}\p{M}'’]+)*|.")
_SAID = r"\p{L}\p{M}'’\u200c\u200d-"
_NOT_SAID = regex.compile(rf"[^{_SAID}]+")


class Neighbours(NamedTuple):
    """The words around the one to say, without their punctuation; empty at the ends of the sentence."""

    before: str
    after: str


Rule = Callable[[str, Neighbours], str | None]


def say(word: str, near: Neighbours) -> str:
    """What a reader says for a written word; "" when nothing is said."""
    plain = western(word)
    for rule in _RULES:
        spoken = rule(plain, near)
        if spoken is not None:
            return spoken
    return _pieces(plain)


def _address(word: str, near: Neighbours) -> str | None:
    if match := _EMAIL.fullmatch(word):
        return f"{_dotted(match['name'])} at {_dotted(match['host'])}"
    if match := URL.fullmatch(word):
        return _dotted(match["host"])
    if match := regex.fullmatch(r"/?([ru])/([\p{L}\p{N}_-]+)", word):
        return f"{match[1]} slash {_handle(match[2])}"
    if match := regex.fullmatch(r"@([\p{L}\p{M}\p{N}_.]+)", word):
        return f"at {_handle(match[1])}"
    if match := regex.fullmatch(r"#(\d[\d,]*)", word):
        return f"number {cardinal(match[1])}"
    if match := regex.fullmatch(r"#([\p{L}\p{M}\p{N}_\u200c\u200d]+)", word):
        return f"hashtag {_handle(match[1])}"
    return None


def _dotted(address: str) -> str:
    return " dot ".join(_handle(piece) for piece in address.split(".") if piece)


def _handle(name: str) -> str:
    return " ".join(_piece(piece) for piece in _CAMEL.split(name.strip("_-")) if piece and _piece(piece))


def _age(word: str, near: Neighbours) -> str | None:
    match = _AGE_AND_GENDER.fullmatch(word)
    if match and near.after.lower() not in _COUNTED:
        return f"{cardinal(match['age'])} {_SEXES[match['sex'].lower()]}"
    if _SEX_ALONE.fullmatch(word) and regex.fullmatch(r"[1-9]\d", near.before):
        return _SEXES[word.lower()]
    return None


def _abbreviation(word: str, near: Neighbours) -> str | None:
    stem, possessive = (word[:-2], "'s") if word[-2:] in {"'s", "’s"} else (word, "")
    for name, plural in ((stem, False), (stem[:-1], True)):
        if plural and not (stem.endswith("s") and len(name) > 1):
            break
        expansion = _expansion(name, near)
        if expansion is not None:
            if plural:
                expansion = short.IRREGULAR_PLURALS.get(expansion, expansion + "s")
            return expansion + possessive
    return None


def _expansion(name: str, near: Neighbours) -> str | None:
    if name in short.AFTER_POSSESSIVE and near.before.lower() in short.POSSESSIVES:
        return short.AFTER_POSSESSIVE[name]
    if name in short.AFTER_ARTICLE and near.before.lower() in short.ARTICLES:
        return short.AFTER_ARTICLE[name]
    if name in {"AM", "PM", "am", "pm"} and regex.fullmatch(r"[\d:.]+", near.before):
        return short.UNITS[name.lower()]
    if name in short.UPPER_CASE:
        return short.UPPER_CASE[name]
    lower = name.lower()
    if lower == "st":
        return "Saint" if near.after[:1].isupper() else "street"
    if lower in {"no", "nos"} and name[0].isupper() and near.after[:1].isdigit():
        return "number"
    if lower in {"jan", "feb", "apr", "aug", "sep", "sept", "oct", "nov", "dec"} and name[0].isupper():
        return short.MONTHS[lower]
    return short.ANY_CASE.get(lower)


def _money(word: str, near: Neighbours) -> str | None:
    before = near.before.lower()
    if before in {"rs", "inr", "usd", "eur", "gbp"} and _PLAIN.fullmatch(word):
        return _amount(word.rstrip("+"), before, "", later_unit=near.after.lower() in short.MAGNITUDES)
    if word.lower() in {"rs", "inr", "usd", "eur", "gbp"}:
        if regex.match(r"\d", near.after):
            return ""
        return short.CURRENCIES[word.lower()][1] if regex.match(r"\d", before) else None
    if (word.lower() in short.MAGNITUDES) and regex.match(rf"{_CURRENCY_SIGN}\d", near.before):
        sign = regex.match(_CURRENCY_SIGN, near.before)[0].lower()
        return f"{short.MAGNITUDES[word.lower()]} {short.CURRENCIES[sign][1]}"
    match = _MONEY.fullmatch(word)
    if not match:
        return None
    magnitude = short.MAGNITUDES[match["magnitude"].lower()] if match["magnitude"] else ""
    later = not magnitude and near.after.lower() in short.MAGNITUDES
    low = f"{cardinal(match['amount'])} to " if match["upto"] else ""
    spoken = low + _amount(match["upto"] or match["amount"], match["sign"].lower(), magnitude, later_unit=later)
    per = f" per {_per(match['per'])}" if match["per"] else ""
    return spoken + (" plus" if match["plus"] else "") + per


def _amount(number: str, currency: str, magnitude: str, *, later_unit: bool) -> str:
    one, many, cent, cents = short.CURRENCIES[currency]
    if later_unit:
        return cardinal(number)
    if magnitude:
        return f"{cardinal(number)} {magnitude} {many}"
    whole, _, part = number.replace(",", "").partition(".")
    if not regex.fullmatch(r"\d\d", part):
        return f"{cardinal(number)} {one if number == '1' else many}"
    small = f"{cardinal(str(int(part)))} {cent if int(part) == 1 else cents}"
    if int(whole) == 0:
        return small
    large = f"{cardinal(whole)} {one if int(whole) == 1 else many}"
    return large if int(part) == 0 else f"{large} and {small}"


def _per(unit: str) -> str:
    plural = short.UNITS.get(unit.lower(), unit)
    return plural[:-1] if plural.endswith("s") and unit.lower() in short.UNITS else plural


def _time(word: str, near: Neighbours) -> str | None:
    if match := _CLOCK.fullmatch(word):
        half = (match["half"] or "").lower().replace(".", "")
        if half and match["minutes"] == "00":
            return f"{cardinal(str(int(match['hours'])))} {short.UNITS[half]}"
        spoken = clock(match["hours"], match["minutes"])
        return f"{spoken} {short.UNITS[half]}" if half else spoken
    if match := _ISO_DATE.fullmatch(word):
        return f"{_month(match['month'])} {ordinal(str(int(match['day'])))} {year(match['year'])}"
    if match := _MONTH_AND_YEAR.fullmatch(word):
        return f"{_month(match['month'])} {year(match['year'])}"
    if match := _DECADE.fullmatch(word):
        return (match["about"] or "").lower() + decade(match["number"])
    if regex.fullmatch(r"\d{1,2}", word) and near.before.lower() in short.MONTHS and 1 <= int(word) <= 31:
        return ordinal(word)
    if _RECENT_YEAR.fullmatch(word):
        return year(word)
    if regex.fullmatch(r"1[1-8]\d\d", word) and near.before.lower() in {"in", "since", "by", "until", "of", "from"}:
        return year(word)
    return None


def _month(number: str) -> str:
    return list(short.MONTHS.values())[int(number) - 1]


def _number(word: str, near: Neighbours) -> str | None:
    if _PHONE.fullmatch(word):
        return ", ".join(digits(group) for group in regex.findall(r"\d+", word))
    if match := _HEIGHT.fullmatch(word):
        return f"{cardinal(match['feet'])} foot {cardinal(match['inches'])}"
    if match := _ORDINAL.fullmatch(word):
        return ordinal(match["number"])
    if word == "911":
        return digits(word)
    if match := _FRACTION.fullmatch(word):
        if near.before.lower() in {"part", "page", "chapter", "day"}:
            return f"{cardinal(match['above'])} of {cardinal(match['below'])}"
        return fraction(match["above"], match["below"])
    if match := _RANGE.fullmatch(word):
        low, high = (year(end) if _RECENT_YEAR.fullmatch(end) else cardinal(end) for end in match.group("low", "high"))
        unit = short.UNITS.get(match["unit"].lower(), match["unit"])
        return f"{low} to {high} {unit}".rstrip() if not regex.search(r"[%°/]", unit) else None
    if match := _COMPOUND.fullmatch(word):
        return f"{cardinal(match['number'])}-{match['rest']}"
    if match := _PLAIN.fullmatch(word):
        return _signed(match) + cardinal(match["amount"]) + (" plus" if match["plus"] else "")
    return None


def _signed(match: regex.Match[str]) -> str:
    return "minus " if match["minus"] else ""


def _measure(word: str, near: Neighbours) -> str | None:
    if word.lower() in short.UNITS_APART and regex.fullmatch(r"[\d.,]+", near.before):
        return _unit(word, near.before)
    match = _MEASURE.fullmatch(word)
    if not match:
        return None
    amount, slash, per = word.partition("/")
    if slash and per.isalpha() and match["unit"].lower() not in short.UNITS:
        return f"{say(amount, near)} per {_per(per)}"
    if match["unit"] == "M":
        unit = "million"
    elif match["unit"] in {"K", "D"} and near.after.lower() in {"tv", "video", "monitor", "movie", "camera"}:
        unit = match["unit"]
    elif match["unit"].lower() in short.UNITS:
        unit = _unit(match["unit"], match["amount"])
    else:
        return None
    return _signed(match) + f"{cardinal(match['amount'])} {unit}" + (" plus" if match["plus"] else "")


def _unit(unit: str, amount: str) -> str:
    plural = short.UNITS[unit.lower()]
    if amount != "1":
        return plural
    first, _, rest = plural.partition(" ")
    single = short.SINGULAR_UNITS.get(first, first.removesuffix("s") if len(first) > 2 else first)
    return f"{single} {rest}".rstrip()


def _shouting(word: str, near: Neighbours) -> str | None:
    letters = regex.sub(r"[^\p{L}]", "", word)
    if len(letters) < 2 or not letters.isupper() or regex.search(rf"[^.{_SAID}]", word):
        return None
    if letters in short.ACRONYMS:
        return word.replace(".", " ").strip()
    spelled = not regex.search("[AEIOUYÀ-Þ]", letters) or "." in word
    if spelled and letters.isascii():
        return " ".join(letters)
    shouted = len(letters) >= 4 or letters in short.SHORT_WORDS
    return word.lower() if shouted or near.before.isupper() or near.after.isupper() else word


_RULES: tuple[Rule, ...] = (_address, _age, _abbreviation, _money, _time, _number, _measure, _shouting)


def _pieces(word: str) -> str:
    """A word that no rule knows: letters are said, digits become numbers, symbols that have a name get it."""
    spoken = []
    for run in _RUN.findall(word):
        said = _SYMBOLS.get(run, "") if len(run) == 1 and run in _SYMBOLS else _piece(run)
        spoken.append(said)
    return " ".join(said for said in spoken if said)


def _piece(run: str) -> str:
    if regex.match(r"\p{N}", run):
        number = regex.match(r"\p{Nd}*(?:[.,]\p{Nd}+)*", run)[0]
        rest = [_numeral(character, after_number=bool(number)) for character in run[len(number) :]]
        return " ".join([cardinal(number)] * bool(number) + [numeral for numeral in rest if numeral])
    return _soft_elongation(_NOT_SAID.sub(" ", run).strip(" -"))


def _numeral(character: str, *, after_number: bool) -> str:
    """Fractions, superscripts, circled and other numbers that are no decimal digits: "½" -> "one half"."""
    if part := {"½": "half", "¼": "quarter", "¾": "three quarters"}.get(character):
        if after_number:
            return f"and {part}" if part[0] == "t" else f"and a {part}"
        return part if part[0] == "t" else f"one {part}"
    if power := {"²": "squared", "³": "cubed"}.get(character):
        return power
    value = unicodedata.numeric(character, None)
    return cardinal(str(int(value))) if value is not None and value >= 0 and value == int(value) else ""


def _soft_elongation(word: str) -> str:
    """ "soooooo" -> "soo": a voice stumbles over long runs of a letter."""
    return regex.sub(r"(\p{L})\1{2,}", r"\1\1", word)
