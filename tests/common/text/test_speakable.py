"""What captions show and a voice says."""

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.text.speakable import speakable
from apps.common.text.tokens import SpokenToken
from tests.common.text.strategies import texts


def said(sentence: str, **options: str) -> str:
    return " ".join(token.spoken for token in speakable(sentence, **options) if token.spoken)


def shown(sentence: str, **options: str) -> str:
    return " ".join(token.display for token in speakable(sentence, **options))


def test_every_word_is_shown_as_written_and_said_in_full():
    assert speakable("My (32M) husband owes $400!!!!") == (
        SpokenToken("My", "My,"),
        SpokenToken("(32M)", "thirty-two male,"),
        SpokenToken("husband", "husband"),
        SpokenToken("owes", "owes"),
        SpokenToken("$400!", "four hundred dollars!"),
    )


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("AITA? TIFU", "am I the asshole? today I fucked up"),
        ("TL;DR: IDK, OP", "too long, didn't read: I don't know, O P"),
        ("my BF's MIL w/ kids w/o me", "my boyfriend's mother-in-law with kids without me"),
        ("both MILs and GFs", "both mothers-in-law and girlfriends"),
        ("I left my SO SO fast", "I left my significant other so fast"),
        ("I (25F), F25, 25 F", "I, twenty-five female, twenty-five female, twenty-five female"),
        ("his 25M views", "his twenty-five million views"),
        ("30yo, mid-30s, '90s, 1980s", "thirty year old, mid-thirties, nineties, nineteen eighties"),
        ("in 2019, 2001, 1847 people", "in twenty nineteen, two thousand and one, one thousand eight hundred and "
         "forty-seven people"),
        ("1st 22nd 103rd", "first twenty-second one hundred and third"),
        ("at 5:30pm, 12:05, 7:00, 5 p.m. sharp", "at five thirty P M, twelve oh five, seven o'clock, five P M sharp"),
        ("$4.50 $0.99 $1 400$", "four dollars and fifty cents ninety-nine cents one dollar four hundred dollars"),
        ("$1.5 million, €1.5k, ₹20 lakh", "one point five million dollars, one point five thousand euros, twenty lakh "
         "rupees"),
        ("Rs. 500 or 20 USD", "five hundred rupees or twenty dollars"),
        ("$20/hr, 80k/year, $5-10", "twenty dollars per hour, eighty thousand per year, five to ten dollars"),
        ("25%, 5 km, 10kg, 1 lb, 70mph, 20°C", "twenty-five percent, five kilometers, ten kilograms, one pound, "
         "seventy miles per hour, twenty degrees Celsius"),
        ("3-4pm 2019-2021 24/7 1/2 3/4 9/10", "three to four P M twenty nineteen to twenty twenty-one twenty-four "
         "seven one half three quarters nine out of ten"),
        ("1,234,567 3.14 -5 007 ½ 2½ x²", "one million two hundred and thirty-four thousand five hundred and "
         "sixty-seven three point one four minus five zero zero seven one half two and a half x squared"),
        ("call 555-123-4567", "call five five five, one two three, four five six seven"),
        ("May 3, 2019-05-03, No. 5", "May third, May third twenty nineteen, number five"),
        ("6'2\" tall, COVID-19, B12", "six foot two tall, COVID nineteen, B twelve"),
        ("Dr. Who vs. Mr. X, St. John", "doctor Who versus mister X, Saint John"),
        ("see https://www.example.com/a?b=1, a.b@example.com", "see example dot com, a dot b at example dot com"),
        ("@john_doe99 #NightShift r/AskReddit u/me", "at john doe ninety-nine hashtag Night Shift r slash Ask Reddit "
         "u slash me"),
        ("I was VERY ANGRY at the FBI, NOT you", "I was very angry at the FBI, not you"),
        ("I AM DONE, it's 5 AM, I'M NOT the AH", "I am done, it's five A M, i'm not the asshole"),
        ("Part 2/3: I called 911", "Part two of three: I called nine one one"),
        ("a 30-year-old's don’t", "a thirty-year-old's don’t"),
        ("sooooo good", "soo good"),
        ("wait—what… no", "wait, what, no"),
        ("salt & pepper + oil", "salt and pepper plus oil"),
        ("൨൦ ٣٤", "twenty thirty-four"),
        ("oh no :( <3 😂", "oh no"),
    ],
)  # fmt: skip
def test_english_is_read_out(written, spoken):
    assert said(written) == spoken


@pytest.mark.parametrize(
    ("written", "displayed"),
    [
        ("**bold** _it_ ~~gone~~ `code` *a* __b__", "bold it gone code a b"),
        ("[click here](http://x.example/y) ![pic](http://x.example/p.png) end", "click here end"),
        ("> quoted", "quoted"),
        ("# Heading", "Heading"),
        ("* bullet", "bullet"),
        (">!he died!< ||too||", "he died too"),
        ("fine &amp; &#x200B; ok\u200b", "fine & ok"),
        ("no 😂👨‍👩‍👧🏳️‍🌈 emoji", "no emoji"),
        ("stop!!!! what?!?!?! no..... yes", "stop! what?! no... yes"),
        ("go to https://www.example.com/long/path?x=1.", "go to example.com"),
        ("f***ing a_b snake_case 5*3", "f***ing a_b snake_case 5*3"),
        ("---", ""),
    ],
)
def test_captions_show_no_markup(written, displayed):
    assert shown(written) == displayed


@pytest.mark.parametrize(
    ("policy", "spoken"),
    [
        ("keep", "Fucking shit, am I the asshole, class"),
        ("soften", "Freaking crap, am I the jerk, class"),
        ("bleep", "bleep bleep, am I the bleep, class"),
    ],
)
def test_strong_language_follows_the_policy(policy, spoken):
    assert said("Fucking sh*t, AITA, class", profanity=policy) == spoken


def test_other_languages_keep_their_words_and_say_numbers_they_have():
    assert said("Wir haben 25 Häuser für 1.200 Euro", language="de") == (
        "Wir haben fünfundzwanzig Häuser für eintausendzweihundert Euro"
    )
    assert said("ഞാൻ 25 വീടുകൾ വാങ്ങി!!", language="ml") == "ഞാൻ 25 വീടുകൾ വാങ്ങി!"
    assert said("Tengo 3,5 litros", language="es") == "Tengo tres punto cinco litros"


def test_unspaced_scripts_are_cut_into_pieces_that_fit_on_screen():
    assert shown("他走了很远的路，然后离开。") == "他走了很 远的路， 然后离开。"


def test_a_token_shows_something():
    with pytest.raises(ValueError, match="display"):
        SpokenToken("", "x")


@settings(max_examples=300, deadline=None)
@given(texts)
def test_any_english_sentence_is_said_without_digits_addresses_or_emoji(text):
    for token in speakable(text):
        assert token.display in text
        assert token.display.strip()
        assert not any(character.isdigit() for character in token.spoken), token
        assert not regex.search(r"\p{Extended_Pictographic}|://|@|\.example", token.spoken), token


@settings(max_examples=150, deadline=None)
@given(texts, st.sampled_from(["ml", "hi", "ar", "th", "zh", "ja", "de", "xx"]), st.sampled_from(["soften", "bleep"]))
def test_any_sentence_of_any_language_can_be_said(text, language, profanity):
    assert all(token.display in text for token in speakable(text, language=language, profanity=profanity))
