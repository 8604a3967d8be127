"""Narration: a script becomes one sound file whose words know their times."""
