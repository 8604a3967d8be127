"""The unit that speech and captions share."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpokenToken:
    """One word as it is shown and as it is said.

    ``display`` is a piece of the original sentence and is never empty ("$400").
    ``spoken`` is what a voice reads ("four hundred dollars"); it is empty for what is shown but not voiced.
    """

    display: str
    spoken: str

    def __post_init__(self) -> None:
        if not self.display:
            raise ValueError("A spoken token needs something to display.")
