"""Everything that changes clips, their folder and their uploads."""

from apps.clips.services.announcements import announce_scheduled
from apps.clips.services.incoming import (
    begin_upload,
    discard_upload,
    drop_expired_uploads,
    finish_upload,
    receive_upload,
    upload_of,
)
from apps.clips.services.intake import DuplicateClip, add_clip, add_uploaded, can_be_deleted, delete_clip
from apps.clips.services.metadata import describe_again, rewrite_metadata
from apps.clips.services.options import accounts_to_choose, inbox_of, set_settings, settings_of
from apps.clips.services.preparation import fail_clip, prepare_clip, retry_clip
from apps.clips.services.transcripts import edit_transcript
from apps.clips.services.watching import look_again, scan_folders, take_file

__all__ = [
    "DuplicateClip",
    "accounts_to_choose",
    "add_clip",
    "add_uploaded",
    "announce_scheduled",
    "begin_upload",
    "can_be_deleted",
    "delete_clip",
    "describe_again",
    "discard_upload",
    "drop_expired_uploads",
    "edit_transcript",
    "fail_clip",
    "finish_upload",
    "inbox_of",
    "look_again",
    "prepare_clip",
    "receive_upload",
    "retry_clip",
    "rewrite_metadata",
    "scan_folders",
    "set_settings",
    "settings_of",
    "take_file",
    "upload_of",
]
