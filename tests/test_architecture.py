"""The house rules, kept."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from apps.lifecycle.machines import registered
from config.env import VARIABLES

ROOT = Path(settings.BASE_DIR)
APPS = ROOT / "apps"
LINES = 500
TAKEN_MODELS = {"Channel", "Task", "Template", "Schedule"}


def sources(folder: Path = APPS) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.py")) if "migrations" not in path.parts)


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_go_down_only():
    command = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_app_of_the_house_is_in_the_import_order():
    contract = (ROOT / "pyproject.toml").read_text()
    named = re.findall(r'"\(?apps\.(\w+)\)?",', contract.split("layers = [")[1].split("]")[0])
    present = {folder.name for folder in APPS.iterdir() if (folder / "__init__.py").exists()}
    assert present <= set(named)


@pytest.mark.parametrize("path", list(sources()), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_fits_on_a_few_screens(path):
    assert len(path.read_text().splitlines()) <= LINES


def test_only_the_pipeline_enqueues_work():
    enqueues = re.compile(r"\.(delay|apply_async|send_task)\(")
    offenders = [
        str(path.relative_to(ROOT))
        for path in sources()
        if enqueues.search(path.read_text()) and "pipeline" not in path.parts
    ]
    assert offenders == []


def test_only_lifecycle_writes_states():
    """`state=` in an UPDATE anywhere else would go around permission, event and audit."""
    writes = re.compile(r"\.update\([^)]*\bstate\s*=|\.state\s*=[^=]")
    stateful = {label.partition(".")[0] for label in registered()}
    allowed = {"lifecycle", *(each.name for each in APPS.iterdir() if each.name not in stateful)}
    offenders = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in sources()
        if not allowed & set(path.parts)
        for match in [writes.search(path.read_text())]
        if match
    ]
    assert offenders == []


@pytest.mark.parametrize("folder", ["engines", "common/text"])
def test_adapters_know_no_models(folder):
    for path in sources(APPS / folder):
        found = [name for name in imports_of(path) if name.startswith(("django.db", "django.conf", "apps.workspaces"))]
        assert found == [], path


def test_names_that_are_taken_stay_free():
    ours = [model.__name__ for model in apps.get_models() if model.__module__.startswith("apps.")]
    assert TAKEN_MODELS.isdisjoint(ours)
    assert not [path for path in sources() if path.name in {"logging.py", "types.py"}]
    assert not [name for name in ("locale", "templates", "static") if (ROOT / name / "__init__.py").exists()]
    assert "apps" not in settings.INSTALLED_APPS


def test_every_variable_is_in_the_example_and_the_readme():
    example = re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    table = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(example) == sorted(VARIABLES)
    assert sorted(table) == sorted(VARIABLES)


def test_settings_read_only_declared_variables():
    used = set()
    for path in sources(ROOT / "config"):
        used |= set(
            re.findall(r"env\.(?:text|flag|number|items|folder|kept_secret)\(\s*\"([A-Z_]+)\"", path.read_text())
        )
    assert used <= set(VARIABLES)
