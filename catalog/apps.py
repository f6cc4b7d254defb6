from __future__ import annotations

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from catalog import checks, history  # noqa: F401
        from catalog.models import Claim, Entry, Option, Question, Revision

        history.register()
        for model in (Question, Option, Entry, Claim):
            post_save.connect(Revision.edited, sender=model)
