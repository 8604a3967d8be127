"""The researchers there are."""

from apps.common.registry import Registry

RESEARCHERS = Registry(
    "researcher",
    {
        "direct": "apps.engines.research.direct.DirectResearcher",
        "firecrawl": "apps.engines.research.firecrawl.FirecrawlResearcher",
    },
)
