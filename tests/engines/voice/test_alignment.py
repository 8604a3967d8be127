from hypothesis import given
from hypothesis import strategies as st

from apps.engines.voice.alignment import Sound, word_spans

PHONEMES = st.sampled_from(list("aiuəɪptkdnsz ˈː,."))


def heard(text: str) -> list[Sound]:
    return [Sound(symbol, index, index + 1) for index, symbol in enumerate(text)]


def test_words_run_together_by_the_voice_are_told_apart():
    words = [list("hˈaʊs"), list("ˈɪn"), list("ðə"), list("wʊdz")]
    assert word_spans(words, heard("hˈaʊs ɪnðə wʊdz.")) == [(0, 5), (6, 8), (8, 10), (11, 15)]


def test_a_word_that_changed_its_sound_keeps_its_place():
    words = [list("fɔːɹ"), list("ˈeɪ"), list("lˈæmp")]
    assert word_spans(words, heard("fɚɹə lˈæmp")) == [(0, 3), (3, 4), (5, 10)]


def test_stress_belongs_to_the_vowel_after_it_and_length_to_the_one_before():
    assert word_spans([list("iːt"), list("ˈæt")], heard("iːt ˈæt,")) == [(0, 3), (4, 7)]


@given(st.lists(st.lists(PHONEMES, max_size=5), max_size=8), st.lists(PHONEMES, max_size=40))
def test_times_never_go_back_whatever_is_heard(words, sounds):
    spans = word_spans(words, heard("".join(sounds)))
    edges = [edge for span in spans for edge in span]
    assert len(spans) == len(words)
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(sounds) for edge in edges)
