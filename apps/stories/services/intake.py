"""How a text becomes a story: normalised, measured, and only once."""

from __future__ import annotations

import hashlib
import uuid

import regex
from charset_normalizer import from_bytes
from django.db import IntegrityError
from django.utils.translation import gettext as _

from apps.common.errors import Conflict, Invalid
from apps.common.text.duration import spoken_seconds
from apps.common.text.markup import visible
from apps.common.text.normalise import normalise
from apps.common.text.similar import fingerprint, near_identical
from apps.common.text.words import count_words, fit, shorten, words
from apps.common.transactions import unit_of_work
from apps.lifecycle.events import emit
from apps.stories.models import Source, Story
from apps.stories.readers.base import FetchedStory
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

MAX_CHARACTERS = 200_000
MAX_FILE_BYTES = 1_000_000
MAX_TITLE = 300
_WEB_ADDRESS = regex.compile(r"https?://[^\s\p{Cc}]{1,990}")
_LANGUAGE = regex.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
# A fingerprint of fewer words says too little to call two texts the same on a near match.
_ENOUGH_WORDS = 50


class Duplicate(Conflict):
    """The same story is here already; details: story (its id), title."""

    code = "duplicate_story"


class Twins:
    """Finds the story of a workspace that tells the same, by id or by near-identical text."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        rows = Story._base_manager.filter(workspace=workspace).values_list("fingerprint", "words", "pk")
        self._prints = list(rows)

    def of(self, story: Story) -> Story | None:
        same_id = Story._base_manager.filter(
            workspace=self._workspace, origin=story.origin, external_id=story.external_id
        ).first()
        if same_id:
            return same_id
        for print_, word_count, pk in self._prints:
            if print_ == story.fingerprint or (
                min(word_count, story.words) >= _ENOUGH_WORDS and near_identical(print_, story.fingerprint)
            ):
                return Story._base_manager.filter(pk=pk).first()
        return None

    def add(self, story: Story) -> None:
        self._prints.append((story.fingerprint, story.words, story.pk))


def add_story(
    *,
    workspace: Workspace,
    actor: Actor,
    text: str,
    title: str = "",
    url: str = "",
    author: str = "",
    language: str = "",
    origin: str = Story.Origin.PASTED,
    twins: Twins | None = None,
    again: bool = False,
) -> Story:
    """A new story from text that somebody has. Without a title, the text's first line gives it.

    twins: what is known already, for a caller that adds many. again: add it though it, or one like it, is here already.
    Raises Invalid for an empty or far too long text, Duplicate when the story is here already.
    """
    actor.require("write_content", workspace)
    twins = twins or Twins(workspace)
    story = check_new_story(
        workspace=workspace,
        title=title,
        text=text,
        url=url,
        author=author,
        language=language,
        origin=origin,
        twins=twins,
        again=again,
    )
    story.added_by = actor.user
    if not keep_story(story, actor=actor):
        raise duplicate_of(None)
    twins.add(story)
    return story


def check_new_story(
    *,
    workspace: Workspace,
    title: str,
    text: str,
    url: str = "",
    author: str = "",
    language: str = "",
    origin: str = Story.Origin.PASTED,
    twins: Twins | None = None,
    again: bool = False,
) -> Story:
    """The story that `add_story` would add, not saved. Raises Invalid and Duplicate."""
    title, body = _titled(title, text)
    _check(title, body, url, language)
    digest = hashlib.sha256(body.encode()).hexdigest()
    name = f"{digest}-{uuid.uuid4().hex}" if again else digest
    fetched = FetchedStory(external_id=name, title=title, text=body, url=url, author=author)
    story = draft_story(workspace, fetched, origin=origin, language=language)
    twin = None if again else (twins or Twins(workspace)).of(story)
    if twin:
        raise duplicate_of(twin)
    return story


def import_text_file(*, workspace: Workspace, actor: Actor, name: str, content: bytes, language: str = "") -> Story:
    """A story from a text file in whatever encoding; its first line is the title. Raises Invalid and Duplicate."""
    text = decode(content, name)
    return add_story(workspace=workspace, actor=actor, text=text, language=language, origin=Story.Origin.FILE)


def decode(content: bytes, name: str) -> str:
    """The text of a file. Raises Invalid for what is too large, empty or no text."""
    if len(content) > MAX_FILE_BYTES:
        raise Invalid(
            _("“%(name)s” is larger than a story can be (%(size)s MB).")
            % {"name": name, "size": round(len(content) / 1e6, 1)},
            hint=_("A text file has at most 1 MB."),
        )
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) or b"\x00" not in content:
        try:
            return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        except UnicodeDecodeError:
            guesses = from_bytes(content)
            # Western European is by far the likeliest where it is plausible, and is ranked behind Baltic.
            best = next((guess for guess in guesses if guess.encoding == "cp1252"), guesses.best())
            if best is not None:
                return str(best)
    raise Invalid(_("“%(name)s” is no text file.") % {"name": name}, hint=_("Save it as plain text (UTF-8)."))


def draft_story(
    workspace: Workspace, fetched: FetchedStory, *, origin: str, source: Source | None = None, language: str = ""
) -> Story:
    """An unsaved story with everything that is measured about its text."""
    text = normalise(fetched.text)
    plain = visible(text)[0]
    language = language or workspace.language
    return Story(
        workspace=workspace,
        origin=origin,
        source=source,
        external_id=normalise(fetched.external_id)[:200],
        title=fit(shorten(normalise(fetched.title).replace("\n", " "), MAX_TITLE), MAX_TITLE),
        text=text,
        url=fetched.url[:1000],
        author=fit(normalise(fetched.author), 120),
        community=fit(normalise(fetched.community), 120),
        flair=fit(normalise(fetched.flair), 120),
        score=fetched.score,
        nsfw=fetched.nsfw,
        language=language,
        words=count_words(plain),
        spoken_seconds=spoken_seconds(plain, language=language),
        fingerprint=fingerprint(text),
        posted_at=fetched.posted_at,
    )


def keep_story(story: Story, *, actor: Actor) -> bool:
    """Save a drafted story; False when somebody else saved the same one a moment before."""
    try:
        with unit_of_work():
            story.save()
            said = {"action": "add", "from": None, "to": story.state, "title": story.title, "by": actor.label}
            emit(workspace=story.workspace, type="story.state", subject=story, data=said)
            if not actor.is_system:
                data = {"title": story.title, "origin": story.origin}
                audit.record(workspace=story.workspace, actor=actor, action="story.add", target=story, data=data)
    except IntegrityError:
        return False
    return True


def duplicate_of(twin: Story | None) -> Duplicate:
    if twin is None:
        return Duplicate(_("The same story was added just now."), hint=_("Reload the queue."))
    return Duplicate(
        _("This story is here already: “%(title)s” (%(state)s).")
        % {"title": twin.title, "state": twin.get_state_display().lower()},
        hint=_("Open that one instead."),
        story=twin.pk,
        title=twin.title,
    )


def _titled(title: str, text: str) -> tuple[str, str]:
    """Title and body; a title of its own leaves the body whole, else a short first line moves up."""
    title, body = normalise(title).replace("\n", " "), normalise(text)
    if title or not body:
        return title, body
    first, _newline, rest = body.partition("\n")
    if rest.strip() and len(first) <= 150:
        return visible(first)[0].strip() or first, rest.strip()
    return shorten(first, 80), body


def _check(title: str, body: str, url: str, language: str) -> None:
    problems: dict[str, list[str]] = {}
    if not words(body):
        problems["text"] = [_("There is no text to tell.")]
    elif len(body) > MAX_CHARACTERS:
        problems["text"] = [_("A story has at most %(count)s characters.") % {"count": f"{MAX_CHARACTERS:,}"}]
    if len(title) > MAX_TITLE:
        problems["title"] = [_("A title has at most %(count)s characters.") % {"count": MAX_TITLE}]
    # Shown as a link later, so nothing but a web address will do.
    if url and not _WEB_ADDRESS.fullmatch(url):
        problems["url"] = [_("Give a web address, beginning with https://, or none.")]
    if language and not _LANGUAGE.fullmatch(language):
        problems["language"] = [_("Give a language's code, such as en or ml, or none.")]
    if problems:
        first = next(iter(problems.values()))[0]
        raise Invalid(first, hint=_("Correct it and try again."), **problems)
