from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog import links
from catalog.models import Link
from catalog.visiting import Visitor

OFFLINE = 2
LONGEST = 36_500
SENTENCE = (
    "This machine is offline: none of several hosts that the catalog names can be reached. Nothing was changed for "
    "what could not be visited; run this again where there is a network."
)


class Command(BaseCommand):
    help = (
        "Visit the web addresses of all cards, each host once a second, and note which are dead. Can be broken off and "
        "run again: what was visited lately is left out."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        days = settings.LINK_DAYS
        parser.add_argument("--older-than", type=int, default=days, help=f"visit again after so many days ({days})")
        parser.add_argument("--limit", type=int, help="visit at most so many pages now")
        parser.add_argument("--allow-private", action="store_true", help="also inside private networks; for tests")

    def handle(self, *, older_than: int, limit: int | None = None, allow_private: bool = False, **_: Any) -> None:
        if not 0 <= older_than <= LONGEST:
            raise CommandError(f"--older-than must lie between 0 and {LONGEST} days; it is {older_than}.")
        if limit is not None and limit < 1:
            raise CommandError(f"--limit must be at least 1; it is {limit}.")
        urls = links.due(older_than)[:limit]
        if not urls:
            self.stdout.write("Every address has been visited lately.")
            return
        if links.offline(urls, allow_private=allow_private):
            raise CommandError(SENTENCE, returncode=OFFLINE)
        links.forget_unnamed()
        visitor = Visitor(_agent(), allow_private)
        try:
            report = links.check(urls, visitor)
        except links.OfflineError as error:
            raise CommandError(SENTENCE, returncode=OFFLINE) from error
        except KeyboardInterrupt:
            self.stdout.write("Broken off. What was visited is kept; run it again to go on.")
            return
        self.stdout.write(
            f"{report.there} are there, {report.failed} failed, {report.later} asked us to come back later. "
            f"{Link.objects.filter(failures__gte=links.DEAD).count()} are dead: they failed twice or more."
        )


def _agent() -> str:
    contact = f"; {settings.CONTACT}" if settings.CONTACT else ""
    return f"TwentyQuestions/1 (checks the links of its catalog once a month{contact})"
