from __future__ import annotations

from django.urls import path

from analysis_runner.views import jobs, samples, tools

app_name = "analysis_runner"
urlpatterns = [
    path("run/", tools.tools, name="tools"),
    path("run/<slug:slug>/", tools.run, name="run"),
    path("samples/<uuid:sample_id>/", samples.sample, name="sample"),
    path("samples/<uuid:sample_id>/preview.png", samples.preview, name="preview"),
    path("samples/<uuid:sample_id>/delete/", samples.delete, name="delete_sample"),
    path("jobs/<uuid:job_id>/", jobs.job, name="job"),
    path("jobs/<uuid:job_id>/files/<str:name>", jobs.file, name="file"),
    path("jobs/<uuid:job_id>/cancel/", jobs.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/delete/", jobs.delete, name="delete"),
]
