"""What visitors say: something is wrong here, or a tool is missing. No account, no JavaScript."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from catalog import facts, limiting
from catalog.forms import About, WrongForm
from catalog.models import Entry
from catalog.suggestions import SuggestForm


@require_http_methods(["GET", "HEAD", "POST"])
def wrong(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Take a correction of one fact, one claim, or the whole page of an entry."""
    entry = get_object_or_404(Entry, kind=kind, slug=slug)
    about = About.read(entry, request.GET.get("about", ""))
    form = WrongForm(about, request.POST or None)
    context = {
        "entry": entry,
        "about": about,
        "facts": [] if about.words else [(name, words) for name, words in facts.disputable(entry)],
        "questions": [] if about.words else _questions(entry),
    }
    return _taken(request, form, "catalog/wrong.html", context, reverse(f"catalog:{kind}_thanks", args=[slug]))


@require_http_methods(["GET", "HEAD", "POST"])
def suggest(request: HttpRequest) -> HttpResponse:
    """Take the suggestion of a tool."""
    form = SuggestForm(request.POST or None)
    return _taken(request, form, "catalog/suggest.html", {}, reverse("catalog:suggest_thanks"))


@require_safe
def thanks(request: HttpRequest, kind: str = "", slug: str = "") -> HttpResponse:
    """Say what happens next."""
    entry = get_object_or_404(Entry, kind=kind, slug=slug) if slug else None
    return render(request, "catalog/thanks.html", {"entry": entry})


def _taken(
    request: HttpRequest, form: WrongForm | SuggestForm, template: str, context: dict[str, Any], then: str
) -> HttpResponse:
    """Show the form; keep what is right and send on; what was written is never lost."""
    context |= {"form": form}
    if request.method != "POST":
        return render(request, template, context)
    if form.trapped:
        return redirect(then)
    if not limiting.may_try(request) or (form.is_valid() and not limiting.may_store(request)):
        minutes = -(-limiting.wait() // 60)
        context["refused"] = f"You have sent a lot in this hour. Your text is kept below; try again in {minutes} min."
        response = render(request, template, context, status=429)
        response["Retry-After"] = str(limiting.wait())
        return response
    if not form.is_valid():
        return render(request, template, context, status=422)
    form.keep()
    return redirect(then)


def _questions(entry: Entry) -> list[tuple[str, str]]:
    """Return the questions that an entry says something of."""
    rows = entry.claims.order_by("option__question__position").values_list(
        "option__question_id", "option__question__text"
    )
    return list(dict(rows).items())
