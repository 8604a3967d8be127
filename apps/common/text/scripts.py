"""Which script a text is written in."""

import unicodedata
from collections import Counter


def script_of(text: str) -> str:
    """The script of most of its letters, by the name it has in Unicode: "LATIN", "MALAYALAM", "CJK"; "" without one."""
    letters = Counter(unicodedata.name(char, "").partition(" ")[0] for char in text if char.isalpha())
    return letters.most_common(1)[0][0] if letters else ""
