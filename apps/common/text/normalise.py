"""One written form for each text, so that equal texts compare equal."""

import unicodedata

import regex

# Unicode 5.1 gave the Malayalam chillu letters codes of their own; older text writes letter + virama + joiner.
_CHILLU = {
    "ണ്\u200d": "ൺ",
    "ന്\u200d": "ൻ",
    "ര്\u200d": "ർ",
    "ല്\u200d": "ൽ",
    "ള്\u200d": "ൾ",
    "ക്\u200d": "ൿ",
}
_OLD_CHILLU = regex.compile("|".join(_CHILLU))
_LINE_END = regex.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
# Control characters, surrogates without a partner, and invisible characters that carry no meaning in running text.
_JUNK = regex.compile(r"[\p{Cs}\ufeff\u200b\u2060\u00ad]|(?![\n\t])\p{Cc}")
_SPACES = regex.compile(r"[\p{Zs}\t]+")
_SPACES_AT_LINE_EDGE = regex.compile(r" ?\n ?")
_BLANK_LINES = regex.compile(r"\n{3,}")


def normalise(text: str) -> str:
    """Composed characters (NFC), atomic chillu letters, plain spaces and line ends, at most one blank line, no junk.

    Doing it twice changes nothing. Joiners stay: Malayalam, Persian and emoji need them.
    """
    text = _LINE_END.sub("\n", text)
    text = _JUNK.sub("", text)
    text = unicodedata.normalize("NFC", text)
    text = _OLD_CHILLU.sub(lambda match: _CHILLU[match[0]], text)
    text = _SPACES.sub(" ", text)
    text = _SPACES_AT_LINE_EDGE.sub("\n", text)
    return _BLANK_LINES.sub("\n\n", text).strip(" \n")
