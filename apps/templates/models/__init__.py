from apps.templates.models.generation import Generation
from apps.templates.models.prompt import Immutable, Kind, PromptTemplate, PromptVersion
from apps.templates.models.spending import Budget, TextProvider

__all__ = ["Budget", "Generation", "Immutable", "Kind", "PromptTemplate", "PromptVersion", "TextProvider"]
