"""Recognising speech in clips that arrive with it: words with their times."""
