"""The voice engines there are."""

from apps.common.registry import Registry

ENGINES = Registry("voice engine", {"piper": "apps.engines.voice.piper.Piper"})
