from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PipelineConfig(AppConfig):
    name = "apps.pipeline"
    verbose_name = _("Pipeline")

    def ready(self) -> None:
        from apps.lifecycle.health import register
        from apps.pipeline import budget, clips, flow, health, plans, receivers  # noqa: F401  they connect signals

        register("self-healing", health.self_healing)
        health.export()

        # Django sends the signal for apps with models only, and pipeline has none; the timers are beat's rows anyway.
        beat = apps.get_app_config("django_celery_beat")
        post_migrate.connect(keep_timers, sender=beat, dispatch_uid="pipeline.keep_timers")


def keep_timers(**_kwargs: Any) -> None:
    """The housekeeping ticks that beat sends; made once, then people may edit or switch them off in the admin."""
    from django_celery_beat.models import IntervalSchedule, PeriodicTask  # models are not ready above

    for name, task, every, period in (
        ("Sweep: find lost work", "apps.pipeline.tasks.sweep", 10, IntervalSchedule.SECONDS),
        ("Clips: look into the watched folders", "apps.clips.tasks.watch", 5, IntervalSchedule.SECONDS),
        ("Accounts: check logins, each once a day", "apps.pipeline.tasks.check_accounts", 1, IntervalSchedule.MINUTES),
        ("Metrics: read posts at fixed ages", "apps.pipeline.tasks.read_posts", 1, IntervalSchedule.MINUTES),
        ("Tidy: drop old events, tickets and answers", "apps.pipeline.tasks.tidy", 1, IntervalSchedule.DAYS),
    ):
        interval = IntervalSchedule.objects.filter(every=every, period=period).first()
        interval = interval or IntervalSchedule.objects.create(every=every, period=period)
        PeriodicTask.objects.get_or_create(name=name, defaults={"task": task, "interval": interval})
