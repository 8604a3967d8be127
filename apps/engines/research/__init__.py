"""Reading the pages of competitors: fetched politely, their text extracted, their words weighed against a draft."""

from .base import Researcher, Source
from .gap import Gap, term_gap
from .keywords import Keyword, keywords
from .registry import RESEARCHERS

__all__ = ["RESEARCHERS", "Gap", "Keyword", "Researcher", "Source", "keywords", "term_gap"]
