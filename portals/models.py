"""Facilities: who may show the interview in their own pages, and how it looks there."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import models
from django.urls import reverse

from portals.colours import check_colour
from portals.origins import check_origins

WEB = URLValidator(schemes=["https", "http"])


def check_contact(value: str) -> None:
    try:
        (WEB if "://" in value else validate_email)(value)
    except ValidationError:
        raise ValidationError(
            f"{value[:100]!r} is neither a web address nor an e-mail address. "
            "Write it like https://microscopy.example.org/help or help@example.org.",
            "wrong_contact",
        ) from None


class Facility(models.Model):
    """An imaging centre whose pages may embed the interview."""

    class Language(models.TextChoices):
        ENGLISH = "en", "English"

    slug = models.SlugField(primary_key=True, max_length=60, help_text="Its name in addresses and in data-facility.")
    name = models.CharField(max_length=80, help_text="Shown above the interview.")
    origins = models.JSONField(
        default=list, validators=[check_origins], help_text='Such as ["https://microscopy.example.org"].'
    )
    colour = models.CharField(
        max_length=7,
        blank=True,
        validators=[check_colour],
        help_text="Six-digit hex, adjusted where it could not be read. Empty: the colour of this site.",
    )
    contact = models.CharField(
        max_length=200, blank=True, validators=[check_contact], help_text="A web address or an e-mail address."
    )
    language = models.CharField(max_length=8, choices=Language, default=Language.ENGLISH)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "facilities"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("portals:frame", args=[self.slug])

    @property
    def contact_address(self) -> str:
        """Return the contact as a link leads to it."""
        return self.contact if "://" in self.contact or not self.contact else f"mailto:{self.contact}"
