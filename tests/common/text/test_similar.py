"""The same story, posted twice."""

from apps.common.text.similar import fingerprint, near_identical, overlap, similarity

STORY = (
    "My sister told me that she would not come to the wedding because of the dog. I was so angry that I went home and "
    "cried for an hour, and then I called our mother to tell her what had happened that day in the kitchen. She "
    "laughed. She said the dog had been invited first, and that my sister had known about it since the summer. I have "
    "not spoken to either of them since, and the dog has a new bow tie."
)


def test_an_edit_does_not_make_another_story():
    edited = STORY.replace("angry", "mad").upper().replace(".", " !") + " Edit: thanks for the silver."
    assert near_identical(fingerprint(STORY), fingerprint(edited))
    assert (overlap(STORY, STORY.upper()), overlap("The sea is calm.", "The dog has a tie.")) == (1.0, 0.0)
    assert overlap(STORY, edited) > 0.85


def test_another_story_is_another_story():
    other = (
        "The elevator in our building has stopped on the seventh floor every night for as long as anyone can remember. "
        "Nobody lives there. The landlord says it is the wiring and the electrician says it is somebody's budget."
    )
    assert similarity(fingerprint(STORY), fingerprint(other)) < 0.75
    assert not near_identical(fingerprint(STORY), fingerprint(other))


def test_the_way_a_letter_is_written_does_not_matter():
    assert fingerprint("അവന്\u200d വന്നു") == fingerprint("അവൻ വന്നു")


def test_a_fingerprint_is_sixteen_digits_and_equal_for_equal_texts():
    assert fingerprint(STORY) == fingerprint(f" {STORY}\n")
    assert [len(fingerprint(text)) for text in (STORY, "one", "", "!?")] == [16] * 4
    assert similarity(fingerprint(STORY), fingerprint(STORY)) == 1.0
    assert fingerprint("!?") != fingerprint("...")
