from apps.clips.models.clip import Clip
from apps.clips.models.inbox import InboxFile
from apps.clips.models.incoming import IncomingFile
from apps.clips.models.options import ClipSettings

__all__ = ["Clip", "ClipSettings", "InboxFile", "IncomingFile"]
