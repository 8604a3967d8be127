"""Settings that the platform itself knows, such as how long a post may be on a server."""

from __future__ import annotations

from apps.platforms.base import Identity
from apps.platforms.services import note_good
from apps.workspaces.actors import SYSTEM
from tests.factories.platforms import AccountFactory


def test_a_check_stores_what_the_platform_knows_and_leaves_what_people_chose(db):
    account = AccountFactory(settings={"visibility": "unlisted", "characters": "500"})
    note_good(account=account, actor=SYSTEM, identity=Identity(account.handle, settings={"characters": "5000"}))
    account.refresh_from_db()
    assert account.settings == {"visibility": "unlisted", "characters": "5000"}
    note_good(account=account, actor=SYSTEM, identity=Identity(account.handle))
    account.refresh_from_db()
    assert account.settings == {"visibility": "unlisted", "characters": "5000"}
