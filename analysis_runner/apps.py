from __future__ import annotations

from django.apps import AppConfig


class AnalysisRunnerConfig(AppConfig):
    name = "analysis_runner"
