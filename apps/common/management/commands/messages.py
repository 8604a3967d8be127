"""Collect the texts to translate into the catalogues, and compile them."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.common.translations import catalogues, collect, compile_catalogues, language_of, refresh, untranslated


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--compile", action="store_true", help="only compile; change no catalogue")

    def handle(self, *args, **options) -> None:
        folders = [Path(folder) for folder in settings.LOCALE_PATHS]
        if not options["compile"]:
            collected = collect(Path(settings.BASE_DIR))
            for path in (path for folder in folders for path in catalogues(folder)):
                catalog = refresh(path, collected)
                missing = untranslated(catalog)
                self.stdout.write(f"{language_of(path)}: {len(catalog)} texts, {len(missing)} to translate")
                for message in missing:
                    text = message.id if isinstance(message.id, str) else message.id[0]
                    self.stdout.write(f"  {message.locations[0][0]}: {text}")
        for folder in folders:
            compile_catalogues(folder)
