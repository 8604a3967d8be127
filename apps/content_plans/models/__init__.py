from apps.content_plans.models.options import PlanSettings
from apps.content_plans.models.plan import ContentPlan
from apps.content_plans.models.research import ResearchPage
from apps.content_plans.models.round import Round

__all__ = ["ContentPlan", "PlanSettings", "ResearchPage", "Round"]
