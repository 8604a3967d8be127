from apps.templates.models.generation import Generation
from apps.templates.models.prompt import Immutable, Kind, PromptTemplate, PromptVersion

__all__ = ["Generation", "Immutable", "Kind", "PromptTemplate", "PromptVersion"]
