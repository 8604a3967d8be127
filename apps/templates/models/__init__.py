from apps.templates.models.activation import Activation
from apps.templates.models.cases import CaseResult, PromptCase
from apps.templates.models.generation import Generation
from apps.templates.models.prompt import Immutable, Kind, PromptTemplate, PromptVersion
from apps.templates.models.spending import Budget, TextProvider

__all__ = [
    "Activation",
    "Budget",
    "CaseResult",
    "Generation",
    "Immutable",
    "Kind",
    "PromptCase",
    "PromptTemplate",
    "PromptVersion",
    "TextProvider",
]
