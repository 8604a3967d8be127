"""A workspace's settings for clips, and where its watched folder is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.clips.models import ClipSettings
from apps.common.errors import Invalid
from apps.common.transactions import unit_of_work
from apps.engines.captions import PRESETS
from apps.engines.speech.languages import LANGUAGES
from apps.lifecycle.events import emit
from apps.platforms.models import Account
from apps.templates.models import PromptVersion
from apps.templates.queries import versions_of
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace


def settings_of(workspace: Workspace) -> ClipSettings:
    """The workspace's settings; one that never chose has the defaults, unsaved."""
    return ClipSettings._base_manager.filter(workspace=workspace).first() or ClipSettings(workspace=workspace)


def inbox_of(workspace: Workspace) -> Path:
    """The folder of the workspace below INBOX_ROOT; it may not exist yet."""
    return Path(settings.INBOX_ROOT) / workspace.slug


def accounts_of(options: ClipSettings) -> list[Account]:
    """Where the workspace sends its clips; none when it leaves that to the accounts."""
    if options.pk is None:
        return []
    return list(Account._base_manager.filter(pk__in=options.accounts.values("pk"), workspace=options.workspace))


def accounts_to_choose(workspace: Workspace) -> QuerySet[Account]:
    """The connected ones, and those that are chosen already."""
    chosen = settings_of(workspace)
    stay = chosen.accounts.values("pk") if chosen.pk else []
    usable = ~Q(state=Account.State.DISCONNECTED) | Q(pk__in=stay)
    return Account._base_manager.filter(usable, workspace=workspace).order_by("name", "pk")


def set_settings(
    *,
    workspace: Workspace,
    actor: Actor,
    folder_on: bool,
    captions_on: bool,
    caption_preset: str = "",
    language: str = "",
    template: int | None = None,
    accounts: Iterable[int] = (),
) -> ClipSettings:
    """Write the settings; they hold for clips that come in, and are produced, from now on. Raises Invalid."""
    actor.require("manage_workspace", workspace)
    chosen = set(accounts)
    found = list(Account._base_manager.filter(workspace=workspace, pk__in=chosen))
    version = versions_of(workspace).filter(pk=template, template__kind="metadata").first() if template else None
    problems: dict[str, list[str]] = {}
    if len(found) != len(chosen):
        problems["accounts"] = [_("There is no such account here.")]
    if template and version is None:
        problems["template"] = [_("There is no such AI template here.")]
    if caption_preset and caption_preset not in PRESETS:
        problems["caption_preset"] = [_("Choose one of: %(names)s.") % {"names": ", ".join(PRESETS)}]
    if language and language not in LANGUAGES:
        problems["language"] = [_("Give a language's code, such as en or ml, or none.")]
    if problems:
        raise Invalid(_("The settings cannot be used."), **problems)
    changes = {
        "folder_on": folder_on, "captions_on": captions_on, "caption_preset": caption_preset, "language": language,
    }  # fmt: skip
    return _save(workspace, actor, changes, version, found)


def _save(
    workspace: Workspace, actor: Actor, changes: dict[str, Any], version: PromptVersion | None, accounts: list[Account]
) -> ClipSettings:
    with unit_of_work():
        options = settings_of(workspace)
        for name, value in changes.items():
            setattr(options, name, value)
        options.template = version
        options.save()
        options.accounts.set(accounts)
        said = {
            **changes,
            "template": version.pk if version else None,
            "accounts": sorted(each.pk for each in accounts),
        }
        audit.record(workspace=workspace, actor=actor, action="clips.settings", target=options, data=said)
        emit(workspace=workspace, type="clips.settings", subject=options, data={**said, "by": actor.label})
    return options
