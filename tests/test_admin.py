"""Curators edit entries and claims, judged as a pull request is; and everybody can see who changed what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from playwright.sync_api import Browser, expect

from catalog import cards, history, judging, loading
from catalog.models import Audit, Claim, Concern, Entry, Link, Option, Revision

pytestmark = pytest.mark.usefixtures("catalog_loaded")
FIJI = "/admin/catalog/entry/fiji/change/"
FUTURE = (date.today() + timedelta(days=9)).isoformat()


def filled(client: Client, address: str = FIJI) -> dict[str, Any]:
    """Return what a browser would send if nobody touched the form."""
    context = client.get(address).context
    data: dict[str, Any] = {}
    forms = [context["adminform"].form]
    for shown in context["inline_admin_formsets"]:
        forms += [shown.formset.management_form, *shown.formset.forms]
    for form in forms:
        for field in form:
            value = field.value()
            if not (field.field.disabled or value is None or value is False):
                data[field.html_name] = value
    return data


def row_of(data: dict[str, Any], claim: Claim) -> str:
    return next(name.removesuffix("-id") for name, value in data.items() if name.endswith("-id") and value == claim.pk)


def stated(slug: str, option: str) -> Claim:
    question, value = option.split("=")
    return Claim.objects.get(entry=slug, option__question=question, option__value=value)


def card(slug: str) -> str:
    return cards.write(loading.card_of(Entry.objects.get(pk=slug)))


def errors(response: Any) -> dict[str, list[str]]:
    """Return all complaints of a form that was not taken, by field."""
    assert response.status_code == 200, response.status_code
    context = response.context
    found: dict[str, list[str]] = dict(context["adminform"].form.errors)
    for shown in context["inline_admin_formsets"]:
        found |= {"claims": list(shown.formset.non_form_errors())} if shown.formset.non_form_errors() else {}
        for form in shown.formset.forms:
            found |= {f"{form.prefix}-{name}": list(said) for name, said in form.errors.items()}
    return found


def test_every_page_of_the_curators_answers(curator: Client) -> None:
    concern = Concern.objects.create(kind="dispute", entry="fiji", field="licence", held="a", proposed="b")
    link = Link.objects.create(url="https://example.org/", checked=date.today(), failures=2, note="no answer in time")
    audit = Audit.objects.create(
        entry="fiji", question="goal.main", option="count", strength=1, source="https://x.org", verdict="wrong",
        by="anna", on=date.today(),
    )  # fmt: skip
    for address in (
        "/admin/", "/admin/catalog/", "/admin/catalog/queue/", "/admin/catalog/entry/", FIJI,
        "/admin/catalog/entry/add/", "/admin/catalog/entry/fiji/history/", "/admin/catalog/concern/",
        f"/admin/catalog/concern/{concern.pk}/change/", "/admin/catalog/link/?dead=yes", "/admin/catalog/audit/",
        f"/admin/catalog/link/{link.pk.replace('/', '_2F').replace(':', '_3A')}/change/",
        f"/admin/catalog/audit/{audit.pk}/change/", "/admin/catalog/audit/add/",
    ):  # fmt: skip
        assert curator.get(address).status_code == 200, address


def test_a_save_without_a_change_changes_nothing(curator: Client) -> None:
    for slug in ("fiji", "trackmate"):
        before = card(slug)
        address = f"/admin/catalog/entry/{slug}/change/"
        assert curator.post(address, filled(curator, address)).status_code == 302
        assert card(slug) == before
    assert not Entry.history.exists()  # type: ignore[attr-defined]
    assert not Claim.history.exists()  # type: ignore[attr-defined]


def test_an_edit_reaches_the_card_what_follows_and_the_history(curator: Client) -> None:
    before, revision = card("fiji"), Revision.current()
    claim = Claim.objects.filter(entry="fiji", follows_from="", strength=1.0).first()
    assert claim
    data = filled(curator)
    data |= {"licence": "proprietary", "cost": "paid", "keywords": "first word\n\n second word ", "sources": ""}
    data[f"{row_of(data, claim)}-strength"] = "0.4"
    assert curator.post(FIJI, data).status_code == 302
    entry = Entry.objects.get(pk="fiji")
    assert (entry.licence, entry.keywords) == ("proprietary", ["first word", "second word"])
    assert Claim.objects.get(pk=claim.pk).strength == 0.4
    assert stated("fiji", "me.cost=open").strength == 0
    assert Revision.current() != revision
    assert card("fiji") != before
    page = curator.get("/admin/catalog/entry/fiji/history/").content.decode()
    for said in ("anna", "licence: &#x27;GPL-3.0-or-later&#x27; → &#x27;proprietary&#x27;", "1 (", "→ 0.4 ("):
        assert said in page, said
    assert f"claim {claim.option.question_id}={claim.option.value}" in page


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("hosts", "nowhere-at-all", "hosts names 'nowhere-at-all', which is no other card."),
        ("name", "QuPath", "name is 'QuPath', which qupath.yaml has too."),
        ("citation", "not a DOI", "citation String should match pattern"),
        ("read", FUTURE, "read lies in the future"),
        ("interchangeable_with", "fiji", "interchangeable_with names 'fiji', which is no other card."),
        ("maintenance_as_of", FUTURE, "maintenance.as_of lies in the future"),
        ("sources", "colour https://example.org 2026-01-01", "sources.colour"),
        ("sources", "licence", "Write each fact once, as: licence https://example.org/page 2026-11-25."),
        ("tutorials", "somewhere", "is not a web address"),
    ],
)
def test_a_wrong_fact_is_refused_at_its_field_in_the_words_of_the_cards(
    curator: Client, field: str, value: str, says: str
) -> None:
    before = card("fiji")
    told = errors(curator.post(FIJI, filled(curator) | {"maintenance_state": "active", field: value}))
    assert says in " ".join(told[field]), told
    assert card("fiji") == before


def test_a_wrong_claim_is_refused_at_its_field_in_the_words_of_the_cards(curator: Client) -> None:
    claim = Claim.objects.filter(entry="fiji", follows_from="").first()
    assert claim
    data = filled(curator)
    row = row_of(data, claim)
    told = errors(curator.post(FIJI, data | {f"{row}-read": FUTURE}))
    assert f"lies in the future: {FUTURE}." in told[f"{row}-read"][0]
    told = errors(curator.post(FIJI, data | {f"{row}-read": "", f"{row}-confirmed": "2026-01-01"}))
    assert "is a second reading: it needs a first one" in told[f"{row}-confirmed"][0]
    told = errors(curator.post(FIJI, data | {f"{row}-source": "ftp://example.org/"}))
    assert f"{row}-source" in told
    new = {"claims-TOTAL_FORMS": data["claims-INITIAL_FORMS"] + 1}
    fresh = f"claims-{data['claims-INITIAL_FORMS']}"
    twice = {f"{fresh}-option": claim.option_id, f"{fresh}-strength": "1.0", f"{fresh}-source": "https://example.org"}
    told = errors(curator.post(FIJI, data | new | twice))
    assert "twice; keep the better source." in " ".join(told[f"{fresh}-option"])


def test_an_entry_without_claims_is_refused(curator: Client) -> None:
    data = filled(curator)
    rows = {f"claims-{i}-DELETE": "on" for i in range(data["claims-INITIAL_FORMS"])}
    assert "State at least one claim" in errors(curator.post(FIJI, data | rows))["claims"][0]
    assert Claim.objects.filter(entry="fiji", follows_from="").exists()


def test_a_stated_claim_takes_the_place_of_one_that_follows_and_gives_it_back(curator: Client) -> None:
    follows = Claim.objects.filter(entry="fiji").exclude(follows_from="").first()
    assert follows
    option = follows.option
    data = filled(curator)
    fresh = f"claims-{data['claims-INITIAL_FORMS']}"
    data |= {"claims-TOTAL_FORMS": data["claims-INITIAL_FORMS"] + 1, f"{fresh}-option": option.pk}
    data |= {f"{fresh}-strength": "0.4", f"{fresh}-source": "https://example.org", f"{fresh}-read": "2026-01-02"}
    assert curator.post(FIJI, data).status_code == 302
    claim = Claim.objects.get(entry="fiji", option=option)
    assert (claim.follows_from, claim.strength, claim.read) == ("", 0.4, date(2026, 1, 2))
    data = filled(curator)
    assert curator.post(FIJI, data | {f"{row_of(data, claim)}-DELETE": "on"}).status_code == 302
    again = Claim.objects.get(entry="fiji", option=option)
    assert (again.follows_from, again.strength) == (follows.follows_from, follows.strength)
    assert "it was 0.4 (read 2026-01-02" in curator.get("/admin/catalog/entry/fiji/history/").content.decode()


def test_what_follows_is_shown_apart_and_cannot_be_edited(curator: Client) -> None:
    page = curator.get(FIJI)
    editable, following = (shown.formset for shown in page.context["inline_admin_formsets"])
    assert not any(form.instance.follows_from for form in editable.forms)
    assert following.forms
    assert all(form.instance.follows_from for form in following.forms)
    assert 'name="claims-2-0-strength"' not in page.content.decode()


def test_a_new_entry_is_a_card_of_its_own(curator: Client) -> None:
    option = Option.objects.get(question="goal.main", value="count")
    data = filled(curator, "/admin/catalog/entry/add/") | {
        "name": "Bean Counter", "slug": "bean-counter", "kind": "tool", "summary": "Counts beans.", "reach": "niche",
        "licence": "MIT", "claims-TOTAL_FORMS": "1", "claims-0-option": option.pk, "claims-0-strength": "1.0",
        "claims-0-source": "https://example.org/beans",
    }  # fmt: skip
    refused = curator.post("/admin/catalog/entry/add/", data | {"slug": "Bean_Counter"})
    assert "slug" in errors(refused)
    assert curator.post("/admin/catalog/entry/add/", data).status_code == 302
    assert judging.judge_entry(Entry.objects.get(pk="bean-counter")) == []
    assert stated("bean-counter", "me.cost=open").follows_from == "licence"
    kept = Entry.history.get(slug="bean-counter")  # type: ignore[attr-defined]
    assert (kept.history_type, kept.history_user.username) == ("+", "anna")


def test_of_two_who_edit_at_once_the_second_is_told(curator: Client) -> None:
    mine, hers = filled(curator), filled(curator)
    assert curator.post(FIJI, hers | {"summary": "Hers."}).status_code == 302
    told = errors(curator.post(FIJI, mine | {"summary": "Mine."}))
    assert "Somebody has changed this entry while you were editing it." in told["__all__"][0]
    assert Entry.objects.get(pk="fiji").summary == "Hers."


def test_an_entry_that_others_name_is_not_deleted_and_a_deletion_is_noted(curator: Client) -> None:
    curator.post("/admin/catalog/entry/fiji/delete/", {"post": "yes"})
    assert Entry.objects.filter(pk="fiji").exists()
    named = {s for e in Entry.objects.all() for s in (*e.hosts, *e.runs_in, *e.interchangeable_with, e.superseded_by)}
    alone = Entry.objects.exclude(pk__in=named).filter(kind="tool").first()
    assert alone
    before = Revision.current()
    assert curator.post(f"/admin/catalog/entry/{alone.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Entry.objects.filter(pk=alone.pk).exists()
    gone = Entry.history.get(slug=alone.pk)  # type: ignore[attr-defined]
    assert (gone.history_type, gone.history_user.username) == ("-", "anna")
    assert Revision.current() != before
    page = curator.get(f"/admin/catalog/entry/{alone.pk}/history/").content.decode()
    assert f"{alone.pk}, which is not in the catalog any more" in page
    assert "<td>deleted</td>" in page
    assert curator.get("/admin/catalog/entry/never-was/history/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "NIH ImageJ"}, "fiji"),
        ({"q": "fiji"}, "fiji"),
        ({"q": "µManager"}, "micro-manager"),
        ({"kind__exact": "model"}, "cellpose-cyto3"),
        ({"licence_known": "yes"}, "fiji"),
        ({"reach__exact": "ubiquitous"}, "fiji"),
    ],
)
def test_entries_are_found_by_any_name_and_filtered(curator: Client, query: dict[str, str], found: str) -> None:
    shown = curator.get("/admin/catalog/entry/", query).context["cl"].queryset
    assert found in set(shown.values_list("pk", flat=True))
    assert 0 < shown.count() < Entry.objects.count()


def test_filters_that_exclude_each_other_share_all_entries(curator: Client) -> None:
    def count(**query: str) -> int:
        return int(curator.get("/admin/catalog/entry/", query).context["cl"].queryset.count())

    everyone = Entry.objects.count()
    assert count(unread="some") + count(unread="none") == everyone
    assert count(licence_known="yes") + count(licence_known="no") == everyone
    states = ("active", "slow", "dormant", "ended", "unknown")
    assert sum(count(maintained=state) for state in states) == everyone


def test_the_list_counts_claims_readings_and_open_concerns(curator: Client) -> None:
    for state in ("open", "open", "rejected"):
        Concern.objects.create(kind="dispute", entry="fiji", state=state)
    shown = curator.get("/admin/catalog/entry/", {"q": "fiji"}).context["cl"].queryset.get(pk="fiji")
    claims = Claim.objects.filter(entry="fiji", follows_from="")
    assert (shown.n_stated, shown.n_concerns) == (claims.count(), 2)
    assert shown.n_dated == claims.filter(read__isnull=False).count()


def test_options_are_found_with_their_question(curator: Client) -> None:
    query = {"term": "goal.main", "app_label": "catalog", "model_name": "claim", "field_name": "option"}
    found = curator.get("/admin/catalog/option/choices/", query).json()["results"]
    assert found
    assert all("(goal.main=" in option["text"] for option in found)
    assert Client().get("/admin/catalog/option/choices/", query).status_code in (302, 403)


def test_who_may_only_look_changes_nothing(db: None) -> None:
    guest = User.objects.create_user("guest", is_staff=True)
    guest.user_permissions.add(Permission.objects.get(codename="view_entry"))
    client = Client()
    client.force_login(guest)
    claims = client.get(FIJI).context["inline_admin_formsets"][0].formset
    assert len(claims.forms) == Claim.objects.filter(entry="fiji", follows_from="").count()
    assert client.post(FIJI, {"name": "Mine"}).status_code == 403
    assert client.get("/admin/catalog/queue/").status_code == 403
    assert client.get("/admin/catalog/entry/fiji/history/").status_code == 200
    guest.user_permissions.clear()
    assert client.get("/admin/catalog/entry/fiji/history/").status_code == 403
    assert Client().get("/admin/catalog/queue/").status_code == 302


def test_who_may_edit_an_entry_may_edit_its_claims(db: None) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="change_entry"))
    client = Client()
    client.force_login(clerk)
    claim = Claim.objects.filter(entry="fiji", follows_from="", strength=1.0).first()
    assert claim
    data = filled(client)
    assert client.post(FIJI, data | {f"{row_of(data, claim)}-strength": "0.4"}).status_code == 302
    assert Claim.objects.get(pk=claim.pk).strength == 0.4
    assert client.get("/admin/catalog/entry/add/").status_code == 403


def test_loading_leaves_no_trace_in_the_history(db: None) -> None:
    Revision.objects.update(digest="another", edits=0)
    assert loading.load()
    assert not Entry.history.exists()  # type: ignore[attr-defined]
    assert not Claim.history.exists()  # type: ignore[attr-defined]


def test_a_reload_keeps_who_changed_what_readable(curator: Client) -> None:
    claim = Claim.objects.filter(entry="fiji", follows_from="").select_related("option").first()
    assert claim
    said = f"{claim.option.question_id}={claim.option.value}"
    history.note(claim, "read again")
    claim.save()
    loading.load(discard_edits=True)
    assert f"claim {said}" in curator.get("/admin/catalog/entry/fiji/history/").content.decode()


@pytest.mark.browser
def test_a_claim_is_edited_in_place_in_a_browser(anna: User, browser: Browser, live_server: Any) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" and "404" not in m.text else None)
    page.goto(f"{live_server}/admin/login/?next={FIJI}")
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill("her password")
    page.get_by_role("button", name="Log in").click()
    claim = Claim.objects.filter(entry="fiji", follows_from="", strength=1.0).order_by("option__question__position")[0]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    row = page.locator("tr.form-row", has=page.locator(f"input[value='{claim.pk}'][name$='-id']"))
    row.locator("select").select_option("0.4")
    row.locator("input[name$='-read']").fill(date.today().isoformat())
    blank = page.locator("#claims-group tr.dynamic-claims:not(.has_original)")
    blank.get_by_role("combobox").first.click()
    page.locator(".select2-search__field").fill("me.ecosystem=omero")
    page.locator(".select2-search__field").fill("omero")
    page.locator(".select2-results__option", has_text="me.ecosystem=omero").click()
    blank.locator("select[name$='-strength']").select_option("0.7")
    blank.locator("input[name$='-source']").fill("not an address")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".errornote")).to_be_visible()
    expect(page.locator("#claims-group .errorlist")).to_contain_text("Enter a valid URL.")
    page.locator("#claims-group tr.dynamic-claims:not(.has_original) input[name$='-source']").fill("https://imagej.net")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    kept = Claim.objects.get(pk=claim.pk)
    assert (kept.strength, kept.read) == (0.4, date.today())
    assert stated("fiji", "me.ecosystem=omero").strength == 0.7
    assert complaints == []
    page.close()
