"""Say who may embed the interview: add a facility, change it, list all, remove one."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portals import colours
from portals.models import Facility
from portals.origins import origin


class Command(BaseCommand):
    help = "Add a facility that may embed the interview, or change it: what is not named stays as it is."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", help="its name in addresses, such as cam-core")
        parser.add_argument("--name", help="shown above the interview")
        parser.add_argument("--origin", action="append", help="scheme and host of its pages; repeat it for several")
        parser.add_argument("--colour", help="six-digit hex, such as '#0b6e4f'; empty for that of this site")
        parser.add_argument("--contact", help="a web address or an e-mail address")
        parser.add_argument("--language", help="language of its pages", choices=Facility.Language.values)
        parser.add_argument("--list", action="store_true", help="list all facilities and change nothing")
        parser.add_argument("--remove", action="store_true", help="remove this facility; its widget stops at once")

    def handle(self, *_: Any, **given: Any) -> None:
        if given["list"]:
            for facility in Facility.objects.all():
                self.stdout.write(_line(facility))
        elif not given["slug"]:
            raise CommandError("Name the facility: manage.py add_facility SLUG --name … --origin https://…")
        elif given["remove"]:
            self._remove(given["slug"])
        else:
            self._add(given)

    def _remove(self, slug: str) -> None:
        removed, _ = Facility.objects.filter(slug=slug).delete()
        if not removed:
            raise CommandError(f"There is no facility {slug!r}. manage.py add_facility --list names all.")
        self.stdout.write(f"Removed {slug}.")

    def _add(self, given: dict[str, Any]) -> None:
        facility = Facility.objects.filter(slug=given["slug"]).first() or Facility(slug=given["slug"])
        if facility._state.adding and not (given["name"] and given["origin"]):
            raise CommandError(f"{given['slug']} is new: give it a --name and at least one --origin.")
        try:
            if given["origin"]:
                facility.origins = list(dict.fromkeys(origin(text) for text in given["origin"]))
            for field in ("name", "contact", "language"):
                if given[field] is not None:
                    setattr(facility, field, given[field])
            if given["colour"] is not None:
                facility.colour = given["colour"].lower()
            facility.full_clean(validate_unique=False)
        except ValidationError as error:
            raise CommandError("\n".join(_sentences(error))) from error
        facility.save()
        self.stdout.write(_line(facility))
        if facility.colour:
            self._say_colour(facility.colour)

    def _say_colour(self, colour: str) -> None:
        for name, theme in (("light", colours.LIGHT), ("dark", colours.DARK)):
            used = colours.accent(colour, theme).accent
            if used != colour:
                self.stdout.write(f"On the {name} theme {colour} could not be read; {used} is used there.")


def _line(facility: Facility) -> str:
    colour = facility.colour or "of this site"
    contact = f", contact {facility.contact}" if facility.contact else ""
    return f"{facility.slug}: {facility.name}, at {' '.join(facility.origins)}, colour {colour}{contact}"


def _sentences(error: ValidationError) -> list[str]:
    if not hasattr(error, "error_dict"):
        return error.messages
    return [f"--{'origin' if f == 'origins' else f}: {m}" for f, ms in error.message_dict.items() for m in ms]
