"""How well a page is written for its readers and for search engines: checks with value, threshold, evidence and hint.

Three things stay apart: these on-page checks, the term gap to competitors, and integrity (sources, links, doubles).
None of them predicts a ranking.
"""

from .check import Check, Verdict
from .page import Page, Span
from .report import Report, judge

__all__ = ["Check", "Page", "Report", "Span", "Verdict", "judge"]
