"""The real PRAW against a loopback Reddit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.common.errors import AdapterError
from apps.stories.readers.base import FetchedStory, Findings
from apps.stories.readers.reddit import RedditKeys, RedditReader, RedditSettings
from tests.servers import reddit_server
from tests.servers.reddit_server import CLIENT_ID, CLIENT_SECRET, deleted, post, removed


@pytest.fixture
def reddit():
    with reddit_server.serve() as server:
        yield server


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch):
    """PRAW's pauses between its own retries, not ours, are what would make these tests slow."""
    monkeypatch.setattr("prawcore.sessions.FiniteRetryStrategy._sleep_seconds", lambda self: None)


def read(server, *, secret: str = CLIENT_SECRET, **settings) -> tuple[list[FetchedStory], Findings]:
    findings = Findings()
    keys = RedditKeys(CLIENT_ID, secret, "rundown-tests/1.0")
    settings = {"subreddit": "tales", "min_words": 0, "max_words": 50_000, "min_score": None, **settings}
    reader = RedditReader(RedditSettings(**settings), keys, url=server.url)
    return list(reader.read(findings)), findings


def ids(server, **settings) -> list[str]:
    return [story.external_id for story in read(server, **settings)[0]]


def test_a_post_arrives_whole(reddit):
    text = "ഞാൻ പറയാം.\n\n**Then** came 3 cats 🐈‍⬛ & a “dog”."
    reddit.posts["tales"] = [post("abc", title="Ünïcode &amp; 🎉", selftext=text, link_flair_text="True", over_18=True)]
    stories, findings = read(reddit, nsfw="allow")
    assert stories == [
        FetchedStory(
            external_id="abc",
            title="Ünïcode &amp; 🎉",
            text=text,
            url="https://www.reddit.com/r/tales/comments/abc/the_story/",
            author="storyteller",
            community="tales",
            flair="True",
            score=500,
            nsfw=True,
            posted_at=datetime.fromtimestamp(1_780_000_000, tz=UTC),
        )
    ]
    assert (findings.seen, dict(findings.left_out)) == (1, {})


def test_a_post_of_40_000_characters_is_not_cut(reddit):
    text = "Wörter und Sätze. " * 2222 + "End."
    reddit.posts["tales"] = [post("long", selftext=text)]
    assert read(reddit)[0][0].text == text


def test_what_is_no_told_text_is_left_out_with_its_reason(reddit):
    reddit.posts["tales"] = [
        deleted("gone"),
        removed("taken"),
        post("sweep", removed_by_category="automod_filtered"),
        post("link", is_self=False),
        post("cross", crosspost_parent="t3_other"),
        post("gallery", is_gallery=True, is_self=False),
        post("empty", selftext=""),
        post("rules", stickied=True),
        post("good"),
    ]
    stories, findings = read(reddit)
    assert [story.external_id for story in stories] == ["good"]
    assert findings.seen == 9
    assert dict(findings.left_out) == {"deleted": 3, "not_a_text": 4, "pinned": 1}


def test_filters_by_score_words_flair_author_and_adult_content(reddit):
    reddit.posts["tales"] = [
        post("low", score=3),
        post("high", score=90_000),
        post("short", selftext="Too short."),
        post("sad", link_flair_text="Sad"),
        post("bot", author="AutoModerator"),
        post("adult", over_18=True),
        post("fine", link_flair_text="Funny", author="Ann"),
    ]
    settings = {"min_score": 10, "max_score": 1000, "min_words": 5, "without_flairs": ["sad"]}
    stories, findings = read(reddit, **settings)
    assert [story.external_id for story in stories] == ["fine"]
    assert dict(findings.left_out) == {
        "low_score": 1, "high_score": 1, "too_short": 1, "flair": 1, "author": 1, "nsfw": 1
    }  # fmt: skip
    assert ids(reddit, flairs=["FUNNY"]) == ["fine"]
    assert ids(reddit, authors=["ann"]) == ["fine"]
    assert ids(reddit, without_authors=["ann", "automoderator"], flairs=["Funny", "Sad"]) == ["sad"]
    assert ids(reddit, nsfw="only") == ["adult"]
    assert ids(reddit, max_words=5) == ["short"]


@pytest.mark.parametrize("sort", ["hot", "new", "top", "rising", "controversial"])
def test_every_sort_and_window_is_asked_for(reddit, sort):
    reddit.posts["tales"] = [post("a")]
    assert ids(reddit, sort=sort, window="month") == ["a"]
    asked = reddit.listings()[0]
    assert (asked.path, asked.query["t"]) == (f"/r/tales/{sort}", "month")
    assert asked.headers["user-agent"].startswith("rundown-tests/1.0")


def test_pages_are_followed_up_to_the_limit(reddit):
    reddit.posts["tales"] = [post(f"p{number}") for number in range(250)]
    assert ids(reddit, limit=230) == [f"p{number}" for number in range(230)]
    assert [(seen.query["limit"], seen.query.get("after")) for seen in reddit.listings()] == [
        ("100", None),
        ("100", "t3_p99"),
        ("30", "t3_p199"),
    ]


def test_an_empty_subreddit_gives_nothing(reddit):
    reddit.posts["tales"] = []
    assert ids(reddit) == []


def failure(server, **settings) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        read(server, **settings)
    return caught.value


def test_too_many_requests_waits_as_long_as_reddit_says(reddit):
    reddit.posts["tales"] = [post("a")]
    reddit.answers = [(429, {"retry-after": "37"})]
    error = failure(reddit)
    assert (error.permanent, error.retry_after, error.message) == (False, 37.0, "Reddit asks us to slow down.")


def test_a_spent_rate_limit_ends_the_fetch_instead_of_sleeping_through_it(reddit):
    reddit.posts["tales"] = [post(f"p{number}") for number in range(150)]
    reddit.remaining, reddit.reset = 0.0, 480
    error = failure(reddit, limit=150)
    assert error.permanent is False
    assert error.retry_after == pytest.approx(480, abs=5)
    assert len(reddit.listings()) == 1


def test_a_hiccup_of_reddit_is_retried_at_once_and_a_lasting_one_later(reddit):
    reddit.posts["tales"] = [post("a")]
    reddit.answers = [(503, {}), (500, {})]
    assert ids(reddit) == ["a"]
    reddit.answers = [(502, {})] * 3
    error = failure(reddit)
    assert (error.permanent, error.message) == (False, "Reddit does not answer right now.")


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("private", "r/tales is private."),
        ("banned", "Reddit has banned r/tales."),
        ("gold_only", "r/tales is open to Reddit Premium only."),
        ("quarantined", "Reddit has put r/tales in quarantine; it shows it only to accounts that opted in."),
    ],
)
def test_closed_subreddits_are_named_and_not_tried_again(reddit, reason, sentence):
    reddit.closed["tales"] = reason
    error = failure(reddit)
    assert (error.permanent, error.message) == (True, sentence)
    assert error.hint


def test_an_unknown_subreddit_is_not_tried_again(reddit):
    error = failure(reddit, subreddit="nosuchplace")
    assert (error.permanent, error.message) == (True, "There is no subreddit r/nosuchplace.")


def test_wrong_keys_are_named_without_showing_them(reddit):
    reddit.posts["tales"] = [post("a")]
    error = failure(reddit, secret="not-the-secret")
    assert error.permanent is True
    assert error.message == "Reddit does not accept the keys of this workspace."
    assert "not-the-secret" not in str(error)


def test_no_answer_at_all_may_pass(reddit):
    reddit.url = "http://127.0.0.1:9"
    assert failure(reddit).permanent is False


def test_settings_say_what_is_wrong_with_them():
    assert RedditSettings(subreddit="/r/nosleep/").subreddit == "nosleep"
    for wrong in (
        {"subreddit": "no such place"},
        {"subreddit": "tales", "sort": "best"},
        {"subreddit": "tales", "min_score": 5, "max_score": 4},
        {"subreddit": "tales", "min_words": 5, "max_words": 4},
        {"subreddit": "tales", "limit": 0},
        {"subreddit": "tales", "colour": "red"},
    ):
        with pytest.raises(ValueError):
            RedditSettings(**wrong)
