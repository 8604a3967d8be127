"""The text engines there are."""

from apps.common.registry import Registry

TEXT_ENGINES = Registry(
    "text engine",
    {
        "extractive": "apps.engines.text.extractive.ExtractiveEngine",
        "openai": "apps.engines.text.openai.OpenAIEngine",
    },
)
