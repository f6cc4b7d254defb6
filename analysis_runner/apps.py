from __future__ import annotations

from django.apps import AppConfig


class AnalysisRunnerConfig(AppConfig):
    name = "analysis_runner"

    def ready(self) -> None:
        from analysis_runner import checks  # noqa: F401
