"""What tools and models exist, what is known of each, and the questions that tell them apart."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import reverse


class Question(models.Model):
    """One question of the bank. It holds words and one declared condition, never routing."""

    class Kind(models.TextChoices):
        SINGLE = "single", "one answer"
        SEVERAL = "several", "several answers"
        ORDINAL = "ordinal", "one answer on a scale"

    id = models.CharField(primary_key=True, max_length=60)
    text = models.CharField(max_length=200)
    help = models.TextField(blank=True)
    why = models.TextField()
    kind = models.CharField(max_length=10, choices=Kind)
    max_picks = models.PositiveSmallIntegerField(null=True, help_text="Largest number of options a person may tick.")
    effort = models.FloatField(default=1.0, help_text="Cost of answering, in units of an easy question.")
    answered = models.FloatField(default=0.5, help_text="Share of people who can and do answer it.")
    picks = models.FloatField(null=True, help_text="Mean number of options a person ticks, where several may be.")
    hard = models.JSONField(default=list, help_text="Options that exclude tools which plainly lack them.")
    bounds = models.BooleanField(
        default=False, help_text="Its answers only bound the choice, such as a system or a price."
    )
    hard_needs = models.CharField(max_length=3, default="any", help_text="Whether any or all of them must be met.")
    applies_when = models.JSONField(null=True, help_text="A condition on earlier answers; null means always.")
    constrains = models.JSONField(default=list)
    ontology = models.JSONField(default=list)
    aliases = models.JSONField(default=list, help_text="Earlier ids of this question.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.text


class Option(models.Model):
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="options")
    value = models.CharField(max_length=40)
    text = models.CharField(max_length=160)
    hint = models.CharField(max_length=240, blank=True)
    includes = models.JSONField(default=list, help_text="Narrower options of the same question.")
    neutral = models.BooleanField(default=False, help_text="States no wish, such as 'does not matter'.")
    alone = models.BooleanField(default=False, help_text="Cannot be picked together with others, such as 'none'.")
    aliases = models.JSONField(default=list, help_text="Earlier ids of this option.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["question", "position"]
        constraints = [models.UniqueConstraint(fields=["question", "value"], name="option_once_a_question")]

    def __str__(self) -> str:
        return self.text


class Entry(models.Model):
    """A tool (software a biologist would cite) or a model (a pretrained network that runs in one)."""

    class Kind(models.TextChoices):
        TOOL = "tool", "tool"
        MODEL = "model", "model"

    class Cost(models.TextChoices):
        FREE = "free", "free of charge"
        FREEMIUM = "freemium", "free for some uses"
        PAID = "paid", "paid"

    class Reach(models.TextChoices):
        NICHE = "niche", "used by few"
        KNOWN = "known", "known in its field"
        COMMON = "common", "widely used"
        UBIQUITOUS = "ubiquitous", "used nearly everywhere"

    slug = models.SlugField(primary_key=True, max_length=60)
    kind = models.CharField(max_length=5, choices=Kind)
    name = models.CharField(max_length=80)
    summary = models.CharField(max_length=300)
    homepage = models.URLField(max_length=300, blank=True)
    repository = models.URLField(max_length=300, blank=True)
    licence = models.CharField(max_length=80, blank=True, help_text="SPDX identifier, or 'proprietary'.")
    cost = models.CharField(max_length=8, choices=Cost, blank=True)
    platforms = models.JSONField(default=list)
    use_as = models.JSONField(default=list)
    hosts = models.JSONField(default=list, help_text="Slugs of the programs it runs in.")
    runs_in = models.JSONField(default=list, help_text="For a model: slugs of the tools that run it.")
    weights = models.URLField(max_length=300, blank=True)
    framework = models.CharField(max_length=60, blank=True)
    aliases = models.JSONField(default=list)
    family = models.CharField(max_length=60, blank=True)
    superseded_by = models.CharField(max_length=60, blank=True, help_text="Slug of the tool that took its place.")
    interchangeable_with = models.JSONField(default=list, help_text="Slugs of tools that would serve as well.")
    keywords = models.JSONField(default=list)
    assays = models.JSONField(default=list, help_text="Names of assays and experiments that it is used for.")
    made_for = models.JSONField(default=list, help_text="What it is made for, as a biologist would say it.")
    citation = models.CharField(max_length=120, blank=True, help_text="DOI of the paper to cite.")
    documentation = models.URLField(max_length=300, blank=True)
    tutorials = models.JSONField(default=list)
    maintenance = models.JSONField(default=dict)
    reach = models.CharField(max_length=10, choices=Reach, default=Reach.KNOWN)
    runs = models.JSONField(default=list, help_text="Folders in analysis_runner/tools that run it here.")
    source = models.URLField(max_length=300, blank=True, help_text="Where the facts above were found.")
    read = models.DateField(null=True, help_text="The day on which somebody read them there.")
    sources = models.JSONField(
        default=dict,
        blank=True,
        help_text="Where and when single facts were found that were not found with the others.",
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse(f"catalog:{self.kind}", args=[self.slug])


class Claim(models.Model):
    """One sourced statement: how well an entry suits one option, from 0 (it does not) to 1 (made for it)."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="claims")
    option = models.ForeignKey(Option, on_delete=models.CASCADE, related_name="claims")
    strength = models.FloatField()
    source = models.URLField(max_length=300)
    read = models.DateField(null=True, help_text="Null: recalled, not verified.")
    confirmed = models.DateField(null=True, help_text="The day of a second, independent reading that agreed.")
    follows_from = models.CharField(
        max_length=20, blank=True, help_text="The fact of the card that it follows from; empty: stated on the card."
    )
    block = models.PositiveSmallIntegerField(help_text="Which block of the card it stands in.")
    position = models.PositiveSmallIntegerField(help_text="Its place in that block.")

    class Meta:
        ordering = ["entry", "block", "position"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "option"], name="one_claim_an_option"),
            models.CheckConstraint(condition=models.Q(strength__gte=0, strength__lte=1), name="strength_0_to_1"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.option_id} {self.strength}"

    @property
    def verified(self) -> bool:
        return self.read is not None


class Revision(models.Model):
    """The state of the catalog; tables computed from it are cached under this name."""

    digest = models.CharField(max_length=64)
    loaded = models.DateTimeField(auto_now=True)
    edits = models.PositiveIntegerField(
        default=0, help_text="Changes made in the database since the cards were loaded."
    )

    def __str__(self) -> str:
        return self.digest[:12]

    @classmethod
    def current(cls) -> str:
        """Return a name for what the database holds now; empty before the first load."""
        found = cls.objects.order_by("-pk").first()
        if found is None:
            return ""
        return f"{found.digest}+{found.edits}" if found.edits else found.digest

    @classmethod
    def edited(cls, **_: Any) -> None:
        """Note that a curator changed something in the database, so that nothing computed before is used again."""
        cls.objects.update(edits=models.F("edits") + 1)


class Concern(models.Model):
    """One thing a curator must decide: what somebody disputes, suggests, or what an import found otherwise."""

    class Kind(models.TextChoices):
        DISPUTE = "dispute", "somebody says that it is wrong"
        SUGGESTION = "suggestion", "somebody suggests a tool"
        CONFLICT = "conflict", "an import says something else"

    class State(models.TextChoices):
        OPEN = "open", "to be decided"
        ACCEPTED = "accepted", "accepted"
        REJECTED = "rejected", "rejected"

    kind = models.CharField(max_length=10, choices=Kind)
    entry = models.CharField(
        max_length=60, blank=True, help_text="Slug of the entry; entries come and go with the cards."
    )
    field = models.CharField(
        max_length=120, blank=True, help_text="The fact or 'question=option' it is about; empty: the whole entry."
    )
    held = models.JSONField(null=True, blank=True, help_text="What the catalog says.")
    proposed = models.JSONField(null=True, blank=True, help_text="What it should say instead.")
    statement = models.TextField(blank=True, help_text="What is wrong, in the words of whoever noticed.")
    source = models.URLField(max_length=300, blank=True, help_text="Where this can be checked.")
    seen = models.DateField(null=True, blank=True, help_text="The day on which the source said so.")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    noted = models.DateTimeField(auto_now_add=True)
    decided = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    reason = models.TextField(blank=True, help_text="Why it was accepted or rejected.")

    class Meta:
        ordering = ["-noted"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "entry", "field", "source"],
                condition=models.Q(kind="conflict", state="open"),
                name="one_open_conflict_a_fact",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.entry or self.field}"


class Link(models.Model):
    """What a polite visit to one of the catalog's web addresses last found."""

    url = models.URLField(max_length=300, primary_key=True)
    checked = models.DateField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status; empty: no answer.")
    note = models.CharField(max_length=200, blank=True, help_text="What went wrong, in words.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Visits in a row that failed.")

    class Meta:
        ordering = ["url"]

    def __str__(self) -> str:
        return self.url


class Audit(models.Model):
    """One claim that a person compared with its source; kept by its words, for claims come and go with the cards."""

    class Verdict(models.TextChoices):
        RIGHT = "right", "the source says so"
        WRONG = "wrong", "the source says otherwise"
        SILENT = "silent", "the source does not say"

    entry = models.SlugField(max_length=60)
    question = models.CharField(max_length=60)
    option = models.CharField(max_length=40)
    strength = models.FloatField()
    source = models.URLField(max_length=300)
    verdict = models.CharField(max_length=6, choices=Verdict)
    note = models.TextField(blank=True)
    by = models.CharField(max_length=150)
    on = models.DateField()

    class Meta:
        ordering = ["-on", "entry"]

    def __str__(self) -> str:
        return f"{self.entry}: {self.question}={self.option} {self.verdict}"
