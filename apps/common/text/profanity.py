"""Strong language: said, softened or bleeped, as the workspace decides."""

from typing import Literal

import regex

Profanity = Literal["keep", "soften", "bleep"]

# Stem -> its mild stand-in. Endings (-s, -ed, -ing, -er, -y) move over to the stand-in.
_SOFTER = {
    "motherfuck": "motherfreak",
    "fuck": "freak",
    "bullshit": "nonsense",
    "shit": "crap",
    "asshole": "jerk",
    "dumbass": "dummy",
    "ass": "butt",
    "bitch": "witch",
    "bastard": "rascal",
    "cunt": "jerk",
    "dickhead": "jerk",
    "dick": "jerk",
    "prick": "jerk",
    "pussy": "coward",
    "cock": "jerk",
    "goddamn": "goshdarn",
    "damn": "darn",
    "whore": "cheat",
    "slut": "cheat",
    "piss": "tick",
    "twat": "jerk",
    "wank": "waste",
}
_PROFANE = regex.compile(
    rf"(?<![\p{{L}}\p{{M}}])({'|'.join(_SOFTER)})(s|es|ed|in|ing|ings|er|ers|ty|y|face|head|hole|holes)?(?![\p{{L}}\p{{M}}])",
    regex.IGNORECASE,
)
_CENSORED = tuple(
    (regex.compile(pattern, regex.IGNORECASE), word)
    for pattern, word in (
        (r"f[*#@$%&!]{1,3}c?k?(?=(?:ing|in|ed|er|ers|s)?$)", "fuck"),
        (r"s(?:h[*#@$%&!1]t|[*#@$%&]{2}t|h[*#@$%&]{2})", "shit"),
        (r"b[*#@$%&!1]t?[*#@$%&]*ch", "bitch"),
        (r"a[*#@$%&]{2}(?:h[o*]le)?$", "ass"),
        (r"a[*#@$%&]{2}h[o*]le", "asshole"),
        (r"d[*#@$%&!1]ck", "dick"),
        (r"d[*#@$%&]mn", "damn"),
    )
)


def uncensored(word: str) -> str:
    """The word behind its asterisks, so that the policy can decide about it: "f***ing" gives "fucking"."""
    for pattern, plain in _CENSORED:
        if match := pattern.match(word):
            return plain + word[match.end() :]
    return word


def apply_profanity(spoken: str, policy: Profanity) -> str:
    """The text to say under a policy. "bleep" says the word "bleep", so that the moment keeps its time in the video."""
    if policy == "keep":
        return spoken
    return _PROFANE.sub(_softened if policy == "soften" else "bleep", spoken)


def _softened(match: regex.Match[str]) -> str:
    stem = _SOFTER[match[1].lower()]
    ending = (match[2] or "").lower()
    if ending in {"hole", "holes", "face", "head"}:
        soft = "jerks" if ending == "holes" else "jerk"
    elif ending in {"ty", "y"}:
        soft = stem + "py" if stem == "crap" else stem + "y"
    elif stem == "crap" and ending in {"ed", "ing", "in", "er"}:
        soft = "crapp" + ending
    else:
        soft = stem + ("es" if ending == "s" and stem.endswith("ch") else ending)
    return soft.capitalize() if match[0][0].isupper() else soft
