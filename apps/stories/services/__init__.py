"""Everything that changes stories and their sources."""

from apps.stories.services.batches import Report, Row, import_stories
from apps.stories.services.decisions import Decided, decide_stories
from apps.stories.services.intake import Duplicate, add_story, import_text_file
from apps.stories.services.scripts import request_script, write_script
from apps.stories.services.sources import (
    SourceDraft,
    check_source,
    delete_source,
    fetch_source,
    keep_reddit_keys,
    request_fetch,
    save_source,
)

__all__ = [
    "Decided",
    "Duplicate",
    "Report",
    "Row",
    "SourceDraft",
    "add_story",
    "check_source",
    "decide_stories",
    "delete_source",
    "fetch_source",
    "import_stories",
    "import_text_file",
    "keep_reddit_keys",
    "request_fetch",
    "request_script",
    "save_source",
    "write_script",
]
