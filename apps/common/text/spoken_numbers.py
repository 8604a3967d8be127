"""Numbers as words."""

import unicodedata

import regex
from num2words import num2words

from apps.common.text.words import word_set

# Longer runs of digits are identifiers, which nobody reads as one number.
_LONGEST_NUMBER = 15
_COMMA_DECIMAL = word_set("de fr es it pt nl pl ru tr sv da no fi cs uk ro id vi hu sk sl")
_NUMBER = regex.compile(r"\p{Nd}+(?:[.,]\p{Nd}+)*")
_GROUPED = regex.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?")


def western(text: str) -> str:
    """The text with every decimal digit of any script as 0-9; digits newer than Python's tables are left out."""
    return regex.sub(r"(?![0-9])\p{Nd}", lambda match: str(unicodedata.digit(match[0], "")), text)


def digits(number: str) -> str:
    """ "007" -> "zero zero seven"."""
    return " ".join(num2words(int(digit)) for digit in western(number) if digit.isdigit())


def cardinal(number: str) -> str:
    """ "1,234.50" -> "one thousand two hundred and thirty-four point five zero"."""
    number = western(number)
    if "," in number and not _GROUPED.fullmatch(number):
        return " ".join(cardinal(piece) for piece in number.split(",") if piece)
    whole, _, fraction = number.replace(",", "").partition(".")
    if "." in fraction:
        return " point ".join(cardinal(piece) for piece in number.split("."))
    if len(whole) > _LONGEST_NUMBER or (len(whole) > 1 and whole.startswith("0")):
        spoken = digits(whole)
    else:
        spoken = num2words(int(whole or 0)).replace(",", "")
    return f"{spoken} point {digits(fraction)}" if fraction else spoken


def ordinal(number: str) -> str:
    """ "21" -> "twenty-first"."""
    number = western(number).replace(",", "")
    return num2words(int(number), to="ordinal").replace(",", "") if len(number) <= _LONGEST_NUMBER else digits(number)


def year(number: str) -> str:
    """ "2019" -> "twenty nineteen"; four digits of any script."""
    value = int(western(number))
    if value % 1000 == 0 or 2000 < value < 2010:
        return num2words(value)
    return num2words(value, to="year")


def decade(number: str) -> str:
    """ "90" -> "nineties", "1990" -> "nineteen nineties"."""
    spoken = year(number) if len(number) == 4 else cardinal(number)
    return spoken[:-1] + "ies" if spoken.endswith("y") else spoken + "s"


def clock(hours: str, minutes: str) -> str:
    """ "12", "05" -> "twelve oh five"; "7", "00" -> "seven o'clock"."""
    if minutes == "00":
        return f"{cardinal(str(int(hours)))} o'clock" if int(hours) <= 12 else f"{cardinal(hours)} hundred"
    late = "oh " if minutes.startswith("0") else ""
    return f"{cardinal(str(int(hours)))} {late}{cardinal(str(int(minutes)))}"


def fraction(above: str, below: str) -> str:
    """ "1", "2" -> "one half"; "9", "10" -> "nine out of ten"."""
    if (above, below) == ("1", "2"):
        return "one half"
    if below in {"3", "4", "5", "8"} and above != "0" and int(above) < int(below):
        part = "quarter" if below == "4" else ordinal(below)
        return f"{cardinal(above)} {part}{'s' if above != '1' else ''}"
    if below in {"10", "100"}:
        return f"{cardinal(above)} out of {cardinal(below)}"
    return f"{cardinal(above)} {cardinal(below)}"


def numbers_in(text: str, *, language: str) -> str:
    """The text with its numbers as words of ``language``; unchanged where no number words of it are known."""

    def spoken(match: regex.Match[str]) -> str:
        number = western(match[0])
        if base in _COMMA_DECIMAL:
            number = number.translate(str.maketrans(",.", ".,"))
        if _GROUPED.fullmatch(number):
            number = number.replace(",", "")
        if "," in number or number.count(".") > 1 or len(number) > _LONGEST_NUMBER:
            return match[0]
        try:
            return num2words(float(number) if "." in number else int(number), lang=base)
        except (NotImplementedError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
            return match[0]  # num2words knows the language in part, or not at all

    base = language.partition("-")[0]
    return _NUMBER.sub(spoken, text)
