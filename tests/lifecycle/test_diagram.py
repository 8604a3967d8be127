from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from apps.lifecycle.diagram import page


def test_the_diagram_of_every_machine_is_up_to_date():
    call_command("machines", "--check")


def test_a_stale_diagram_is_noticed(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match="is stale"):
        call_command("machines", "--check")
    call_command("machines")
    call_command("machines", "--check")
    (tmp_path / "docs" / "states.md").write_text(page() + "an old line")
    with pytest.raises(CommandError, match="is stale"):
        call_command("machines", "--check")


def test_a_diagram_tells_states_permissions_and_timeouts():
    text = page()
    assert "    queued --> running: start\n" in text
    assert "| Cancel (`cancel`) | queued, running | cancelled | `write_content`, *system* |" in text
    assert "| running | 6 h | fail |" in text
