"""An uploaded sample, the jobs that ran on it, what happened to each job, and the files it made."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.urls import reverse


class Visitor(models.Model):
    """Whom a quota counts: an owner, or a network address. Both are kept as keyed hashes only."""

    key = models.CharField(primary_key=True, max_length=80)
    seen = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.key[:12]


class Sample(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", "being received"
        UPLOADED = "uploaded", "waiting to be looked at"
        PROBING = "probing", "being looked at"
        REFUSED = "refused", "cannot be used"
        READY = "ready", "ready"
        EXPIRED = "expired", "deleted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64, db_index=True)
    address = models.CharField(max_length=64, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    name = models.CharField(max_length=120, help_text="The file's name, cleaned, for display only.")
    kind = models.CharField(max_length=10, blank=True, help_text="What its first bytes say it is.")
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    inspection = models.JSONField(default=dict, help_text="What the readers found in it.")
    reason = models.CharField(max_length=40, blank=True)
    sentence = models.TextField(blank=True)
    cure = models.TextField(blank=True)
    created = models.DateTimeField(db_default=Now())
    delete_after = models.DateTimeField()
    removed = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"

    def get_absolute_url(self) -> str:
        return reverse("analysis_runner:sample", args=[self.pk])

    @property
    def file(self) -> str:
        """The name of its file in the storage. What the visitor called it is never part of a path."""
        return f"samples/{self.pk}/sample"


class Job(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        SUCCEEDED = "succeeded", "finished"
        REFUSED = "refused", "refused"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"
        LOST = "lost", "lost"

    class Kind(models.TextChoices):
        INSPECT = "inspect", "look at a sample"
        RUN = "run", "run a tool"

    OPEN: ClassVar = (State.QUEUED, State.RUNNING)
    TERMINAL: ClassVar = (State.SUCCEEDED, State.REFUSED, State.FAILED, State.CANCELLED, State.LOST)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="jobs")
    owner = models.CharField(max_length=64, db_index=True)
    address = models.CharField(max_length=64, blank=True, db_index=True)
    key = models.CharField(max_length=200, help_text="Idempotency key, unique for each owner.")
    body = models.CharField(max_length=64, help_text="SHA-256 of what was asked for under that key.")

    tool = models.CharField(max_length=60, blank=True)
    version = models.CharField(max_length=40, blank=True)
    environment = models.CharField(max_length=80, blank=True)
    parameters = models.JSONField(default=dict)
    selection = models.JSONField(default=dict, help_text="Which channel, plane and series; what the stack holds.")

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED, db_default=State.QUEUED)
    queue = models.CharField(max_length=10, default="quick")
    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(db_default=Now())
    published = models.PositiveIntegerField(default=0, help_text="Wake-ups sent since it was last queued.")
    progress = models.FloatField(default=0)
    doing = models.CharField(max_length=160, blank=True)

    reason = models.CharField(max_length=40, blank=True)
    sentence = models.TextField(blank=True)
    cure = models.TextField(blank=True)
    objects_found = models.PositiveIntegerField(null=True)
    summary = models.CharField(max_length=600, blank=True)
    measures = models.JSONField(default=dict)
    warnings = models.JSONField(default=list)
    isolation = models.CharField(max_length=60, blank=True, help_text="What the run was shut in with.")
    seconds = models.FloatField(null=True)
    peak_mb = models.FloatField(null=True)
    log = models.TextField(blank=True, help_text="The end of what the tool printed; for maintainers.")

    created = models.DateTimeField(db_default=Now())
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    delete_after = models.DateTimeField()
    removed = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="one_job_a_key")]
        indexes = [
            models.Index(fields=["state", "not_before"], name="job_due"),
            models.Index(fields=["sample", "kind"], name="job_of_sample"),
        ]

    def __str__(self) -> str:
        return f"{self.tool or self.kind} {self.pk} ({self.state})"

    def get_absolute_url(self) -> str:
        return reverse("analysis_runner:job", args=[self.pk])

    @property
    def open(self) -> bool:
        return self.state in self.OPEN

    @property
    def folder(self) -> str:
        """Where this attempt's files lie in the storage. The token keeps two attempts apart."""
        return f"results/{self.pk}/{self.token}"

    def ahead(self) -> int:
        """How many jobs of its queue were there before it and still wait."""
        earlier = Job.objects.filter(state=self.State.QUEUED, queue=self.queue, created__lt=self.created)
        return earlier.exclude(pk=self.pk).count() if self.state == self.State.QUEUED else 0


class JobEvent(models.Model):
    """What happened to a job, in order. Rows are only ever added."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Job.State)
    attempt = models.PositiveSmallIntegerField(default=0)
    token = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["job"],
                condition=models.Q(kind__in=[str(state) for state in Job.TERMINAL]),
                name="one_terminal_event_a_job",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%F %T}"


class Artifact(models.Model):
    """One file that a finished job made."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=12)
    text = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=60)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200, help_text="Its name in the storage.")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="one_file_a_name")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("analysis_runner:file", args=[self.job_id, self.name])
