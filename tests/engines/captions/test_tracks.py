from apps.engines.captions import build_srt, build_vtt
from apps.engines.voice.base import TimedWord

WORDS = [
    TimedWord("Fish", 0.0, 0.3),
    TimedWord("<&>", 0.3, 0.5),
    TimedWord("chips.", 0.5, 1.0),
    TimedWord("Then", 1.2, 1.5),
    TimedWord("home.", 3661.5, 3662.0),
]


def test_players_get_a_line_a_cue():
    assert build_vtt(WORDS) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.200\nFish &lt;&amp;&gt; chips.\n\n"
        "00:00:01.200 --> 00:00:01.900\nThen\n\n01:01:01.500 --> 01:01:02.400\nhome.\n"
    )


def test_subrip_numbers_the_same_cues():
    assert build_srt(WORDS) == (
        "1\n00:00:00,000 --> 00:00:01,200\nFish <&> chips.\n\n"
        "2\n00:00:01,200 --> 00:00:01,900\nThen\n\n3\n01:01:01,500 --> 01:01:02,400\nhome.\n"
    )


def test_lines_are_at_most_42_characters():
    words = [TimedWord("syllable", index * 0.4, index * 0.4 + 0.4) for index in range(20)]
    lines = [line for line in build_vtt(words).splitlines() if line.startswith("syllable")]
    assert max(map(len, lines)) <= 42
    assert sum(len(line.split()) for line in lines) == 20


def test_no_words_are_an_empty_track():
    assert build_vtt([]) == "WEBVTT\n"
    assert build_srt([]) == ""
