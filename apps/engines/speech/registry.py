"""The speech recognisers there are."""

from apps.common.registry import Registry

SPEECH_ENGINES = Registry(
    "speech engine",
    {
        "faster_whisper": "apps.engines.speech.faster_whisper.FasterWhisper",
        "openai_whisper": "apps.engines.speech.openai_whisper.OpenAIWhisper",
    },
)
