"""The demo workspace: what `manage.py run` shows on its first start, and what `manage.py demo` works in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django_scopes import scope

from apps.content.models import Item
from apps.platforms.models import Account
from apps.platforms.services import connect_account
from apps.stories.models import Story
from apps.stories.services import add_story, decide_stories
from apps.workspaces.actors import Actor
from apps.workspaces.models import User, Workspace
from apps.workspaces.services import create_owner, one_time_password

OWNER_EMAIL = "owner@rundown.example"
NAME, SLUG = "Demo", "demo"
STORY = Path(__file__).resolve().parent.parent / "stories" / "data" / "demo_story.txt"


@dataclass(frozen=True)
class Demo:
    """password: set only when the owner was made now; it works once."""

    workspace: Workspace
    owner: User
    account: Account
    password: str = ""

    @property
    def actor(self) -> Actor:
        return Actor.of(self.owner)


def prepare_demo() -> Demo:
    """The demo workspace with its owner and feed; made at the first call, found at the next."""
    workspace, password = Workspace.objects.filter(slug=SLUG).first(), ""
    if workspace is None:
        owner, workspace, password = create_owner(email=OWNER_EMAIL, workspace=NAME)
    else:
        owner = User.objects.get(memberships__workspace=workspace, memberships__role="owner")
    with scope(workspace=workspace):
        account = Account.objects.filter(platform="feed").first() or connect_account(
            workspace=workspace,
            actor=Actor.of(owner),
            platform="feed",
            name="The demo feed",
            handle=SLUG,
            intake=Account.Intake.AT_ONCE,
            minimum_gap=0,
        )
    return Demo(workspace, owner, account, password)


def sign_in_password(demo: Demo) -> str:
    """The owner's one-time password; a fresh one as long as they have never signed in, then nothing."""
    if demo.password or not demo.owner.must_change_password:
        return demo.password
    password = one_time_password()
    demo.owner.set_password(password)
    demo.owner.save(update_fields=["password"])
    return password


def add_waiting_story(demo: Demo) -> Story | None:
    """Shortlist the shipped story, so that its script waits in review; nothing when there are items already."""
    with scope(workspace=demo.workspace):
        if Item.objects.exists() or Story.objects.exists():
            return None
        return shortlist_text(demo, STORY.read_text(encoding="utf-8"))


def shortlist_text(demo: Demo, text: str) -> Story:
    """Add a text as a story, though it may have been told before, and shortlist it."""
    with scope(workspace=demo.workspace):
        story = add_story(workspace=demo.workspace, actor=demo.actor, text=text, again=True)
        refused = decide_stories(stories=[story], action="shortlist", actor=demo.actor).refused
        if refused:
            raise refused[0][1]
    return story
