"""The catalog as others read it: bio.tools JSON, JSON-LD, tables, a site without a server; and back again."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from playwright.sync_api import Browser

from catalog.exporting import biotools, jsonld, site, tables
from catalog.exporting.described import Described, describe, everything
from catalog.models import Concern, Entry, Revision

# The rules of biotoolsSchema 3.3 for what we write, in our own words; nothing else of it is written.
KEYS = {
    "name", "description", "homepage", "toolType", "topic", "operatingSystem", "license", "cost", "maturity",
    "function", "link", "documentation", "publication",
}  # fmt: skip
TOOL_TYPES = {"Command-line tool", "Desktop application", "Library", "Plug-in", "Web application"}
SYSTEMS = {"Linux", "Mac", "Windows"}
COSTS = {"Free of charge", "Free of charge (with restrictions)", "Commercial"}
NAME = re.compile(r"[ ()+,\-.0-9:;A-Z_a-z]{1,100}")
DOI = re.compile(r"10\.[0-9]{4,9}/[()\-.0-9:;<>A-Z\[\]_a-z/]+")
HOSTILE = "</script><script>alert(1)</script><!--"


def wrong(record: dict[str, Any]) -> list[str]:
    """Return which of the rules a record breaks."""
    uris = [(kind, term["uri"]) for kind, term in terms(record)]
    checks = {
        "no key that the schema lacks": set(record) <= KEYS,
        "name": NAME.fullmatch(record.get("name", "")),
        "description of 10 to 1000 characters": 10 <= len(record.get("description", "")) <= 1000,
        "homepage": record.get("homepage", "").startswith(("http://", "https://")),
        "toolType": set(record.get("toolType", [])) <= TOOL_TYPES,
        "operatingSystem": set(record.get("operatingSystem", [])) <= SYSTEMS,
        "license": record.get("license", "Other") in biotools.LICENCES | {"Proprietary", "Other"},
        "cost": record.get("cost", "Commercial") in COSTS,
        "maturity": record.get("maturity", "Legacy") in {"Emerging", "Mature", "Legacy"},
        "EDAM": all(re.fullmatch(rf"http://edamontology\.org/{kind}_[0-9]{{4}}", uri) for kind, uri in uris),
        "an operation in each function": all(f["operation"] for f in record.get("function", [])),
        "link types": all(link["type"] == ["Repository"] for link in record.get("link", [])),
        "documentation types": all(
            set(d["type"]) <= {"General", "Training material"} for d in record.get("documentation", [])
        ),
        "DOI": all(DOI.fullmatch(p["doi"]) and p["type"] == ["Primary"] for p in record.get("publication", [])),
        "nothing empty": all(record.values()),
    }
    return [rule for rule, holds in checks.items() if not holds]


def terms(record: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    functions = record.get("function", [])
    given = [g for f in functions for g in f.get("input", [])]
    return [
        *(("topic", t) for t in record.get("topic", [])),
        *(("operation", o) for f in functions for o in f["operation"]),
        *(("data", g["data"]) for g in given),
        *(("format", t) for g in given for t in g["format"]),
    ]


class Page(HTMLParser):
    """The addresses and the JSON-LD of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.scripts: list[dict[str, str | None]] = []
        self.things: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.addresses += [value for name in ("href", "src") if (value := said.get(name))]
        if tag == "script":
            self.scripts.append(said)
            self._inside = said.get("type") == "application/ld+json"

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.things.append(data)


@pytest.fixture
def all_entries(catalog_loaded: None) -> list[Described]:
    return everything()


# bio.tools


@pytest.mark.django_db
def test_every_tool_obeys_the_rules_of_bio_tools(all_entries: list[Described]) -> None:
    page = biotools.page(all_entries)
    assert page["count"] == Entry.objects.filter(kind="tool").count() == len(page["list"])
    assert {r["name"]: broken for r in page["list"] if (broken := wrong(r))} == {}


@pytest.mark.django_db
def test_what_bio_tools_cannot_hold_is_said_as_far_as_it_can(catalog_loaded: None) -> None:
    entry = Entry.objects.get(pk="rs-fish")
    entry.name, entry.summary, entry.licence = "µMänager & Söhne®", "Short", "Some licence of our own"
    entry.homepage = entry.repository = entry.documentation = entry.source = ""
    entry.citation = "10.1000/under_[odd]|sign"
    record = biotools.record(Described(entry, []), "https://tq.example.org/")
    assert wrong(record) == []
    assert record["name"] == "Manager Sohne"
    assert record["homepage"] == "https://tq.example.org/tools/rs-fish/"
    assert (record["license"], "publication" in record) == ("Other", False)


@pytest.mark.django_db
def test_an_edam_term_is_said_only_where_all_that_it_means_is_claimed(catalog_loaded: None) -> None:
    entry = Entry.objects.get(pk="neuronj")
    described = describe(entry)
    operations = {t.id for t in described.terms("operation")}
    assert ("operation_3450" in operations) == ({("goal.main", "trace"), ("obj.kind", "neuron")} <= described.suited)
    without = [c for c in described.claims if c.option.question_id != "obj.kind"]
    assert "operation_3450" not in {t.id for t in Described(entry, without).terms("operation")}


@pytest.mark.django_db
def test_an_export_to_bio_tools_imported_again_says_nothing_new(catalog_loaded: None, tmp_path: Path) -> None:
    target, said = tmp_path / "biotools.json", io.StringIO()
    call_command("export_entries", str(target), format="biotools", stdout=io.StringIO())
    before = Entry.objects.count()
    call_command("import_entries", str(target), stdout=said, stderr=said)
    assert " 0 wrong" in said.getvalue()
    assert not Concern.objects.exists()
    assert Entry.objects.count() == before


# JSON-LD


@pytest.mark.django_db
def test_every_entry_has_what_the_bioschemas_profile_asks_for(all_entries: list[Described]) -> None:
    for described in all_entries:
        thing = jsonld.thing(described, f"https://tq.example.org/{described.entry.slug}")
        assert thing["@type"] == "SoftwareApplication"
        assert thing["http://purl.org/dc/terms/conformsTo"]["@id"].endswith("/ComputationalTool/1.0-RELEASE")
        assert {"@id", "name", "description", "url"} <= thing.keys()
        assert all(value not in ("", [], None) for value in thing.values())


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/tools/rs-fish/", "/models/cellpose-sam/"])
def test_each_page_has_its_entry_in_its_head_with_the_nonce(catalog_loaded: None, client: Client, address: str) -> None:
    response = client.get(address)
    page = Page(response.text)
    (thing,) = map(json.loads, page.things)
    assert thing["@context"] == "https://schema.org"
    assert thing["@id"] == f"http://testserver{address}"
    nonce = next(s["nonce"] for s in page.scripts if s.get("type") == "application/ld+json")
    assert f"'nonce-{nonce}'" in response["Content-Security-Policy"]


@pytest.mark.django_db
def test_no_text_of_an_entry_can_leave_its_script(catalog_loaded: None, client: Client) -> None:
    Entry.objects.filter(pk="rs-fish").update(summary=HOSTILE, aliases=[HOSTILE])
    text = client.get("/tools/rs-fish/").text
    assert HOSTILE not in text
    (thing,) = map(json.loads, Page(text).things)
    assert (thing["description"], thing["alternateName"]) == (HOSTILE, [HOSTILE])


# Tables


@pytest.mark.django_db
def test_the_tables_have_a_row_for_each_entry_and_claim(all_entries: list[Described]) -> None:
    entries = list(csv.DictReader(io.StringIO(tables.entries(all_entries))))
    claims = list(csv.DictReader(io.StringIO(tables.claims(all_entries))))
    assert [row["slug"] for row in entries] == [d.entry.slug for d in all_entries]
    assert len(claims) == sum(len(d.claims) for d in all_entries)
    entry, said = next(d for d in all_entries if d.entry.pk == "rs-fish")
    row = next(row for row in entries if row["slug"] == "rs-fish")
    assert (row["platforms"], row["read"]) == ("; ".join(entry.platforms), str(entry.read or ""))
    first = next(c for c in claims if c["entry"] == "rs-fish")
    assert (float(first["strength"]), first["source"]) == (said[0].strength, said[0].source)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_cell_is_a_formula(catalog_loaded: None, text: str) -> None:
    entry = Entry.objects.get(pk="rs-fish")
    entry.name = text
    (row,) = csv.DictReader(io.StringIO(tables.entries([Described(entry, [])])))
    assert row["name"] == f"'{text}"


# The site


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site") / "catalog"


@pytest.fixture
def made(catalog_loaded: None, folder: Path) -> Path:
    """The site of the whole catalog, made once."""
    if not folder.exists():
        call_command("export_entries", str(folder), format="site", stdout=io.StringIO())
    return folder


@pytest.mark.django_db
def test_every_entry_has_a_page_and_every_link_leads_to_a_file_of_the_site(made: Path) -> None:
    pages = list(made.rglob("*.html"))
    for kind in ("tool", "model"):
        slugs = set(Entry.objects.filter(kind=kind).values_list("slug", flat=True))
        assert {p.stem for p in (made / f"{kind}s").iterdir()} == slugs
    for path in pages:
        page = Page(path.read_text(encoding="utf-8"))
        local = [a for a in page.addresses if not a.startswith(("https://", "http://", "#"))]
        assert local
        for address in local:
            assert not address.startswith("/"), f"{path} would not work below a path: {address}"
            assert (path.parent / address.split("#")[0]).is_file(), f"{path}: {address}"


@pytest.mark.django_db
def test_every_entry_page_of_the_site_has_its_json_ld(made: Path) -> None:
    for path in (made / "models").iterdir():
        (thing,) = map(json.loads, Page(path.read_text(encoding="utf-8")).things)
        assert thing["name"] == Entry.objects.get(pk=path.stem).name


@pytest.mark.django_db
def test_the_same_catalog_gives_the_same_bytes(made: Path) -> None:
    for name, content in site.pages():
        assert (made / name).read_bytes() == content, name


@pytest.mark.django_db
def test_a_new_export_takes_away_what_is_gone_and_nothing_else(catalog_loaded: None, tmp_path: Path) -> None:
    site.write(tmp_path / "site")
    (tmp_path / "site" / "CNAME").write_text("tq.example.org")
    Entry.objects.filter(pk="rs-fish").delete()
    site.write(tmp_path / "site")
    assert not (tmp_path / "site" / "tools" / "rs-fish.html").exists()
    assert (tmp_path / "site" / "CNAME").exists()


@pytest.mark.django_db
def test_a_folder_with_other_files_is_left_alone(catalog_loaded: None, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(CommandError, match=r"holds other files.*\[folder_in_use\]"):
        call_command("export_entries", str(tmp_path), format="site")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.django_db
def test_a_list_of_files_that_we_did_not_write_costs_nobody_a_file(catalog_loaded: None, tmp_path: Path) -> None:
    (tmp_path / "cells.tif").write_text("mine")
    (tmp_path / site.MANIFEST).write_text("cells.tif\n")
    with pytest.raises(CommandError, match=r"\[folder_in_use\]"):
        call_command("export_entries", str(tmp_path), format="site")
    assert (tmp_path / "cells.tif").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["csv", "jsonld", "biotools"])
def test_a_folder_is_no_file_to_export_to(catalog_loaded: None, form: str) -> None:
    with pytest.raises(CommandError, match=r"\[not_a_file\]"):
        call_command("export_entries", ".", format=form)


@pytest.mark.django_db
def test_a_manifest_cannot_point_outside_the_folder(catalog_loaded: None, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / site.MANIFEST).write_text(f"{site.MARK}\n../mine.txt\n{tmp_path / 'mine.txt'}\n")
    site.write(tmp_path / "site")
    assert (tmp_path / "mine.txt").exists()


@pytest.mark.browser
@pytest.mark.django_db
def test_the_site_works_from_a_folder_without_a_server(made: Path, browser: Browser) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto((made / "index.html").as_uri())
    search = page.get_by_label("Name, assay or keyword")
    for words, said in (("xyzzyqwert", "Nothing in the catalog"), ("cell", "The first 30 of "), ("rs-fish", " found.")):
        search.fill(words)
        assert said in page.get_by_role("status").inner_text()
    page.get_by_role("link", name="RS-FISH").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "RS-FISH"
    page.get_by_role("link", name="Catalog").click()
    page.get_by_role("link", name="Where small dots are, and how many").click()
    assert page.get_by_role("link", name="RS-FISH").count() == 1
    assert complaints == []
    page.close()


# Downloads


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["export.csv", "export.claims.csv", "export.jsonld", "biotools.json"])
def test_the_whole_catalog_is_downloaded_once_for_each_state_of_it(
    catalog_loaded: None, client: Client, name: str
) -> None:
    first = client.get(f"/tools/{name}")
    assert first.status_code == 200
    assert f'filename="twenty-questions-{name}"' in first["Content-Disposition"]
    same = {"If-None-Match": first["ETag"]}
    assert client.get(f"/tools/{name}", headers=same).status_code == 304
    entry = Entry.objects.get(pk="rs-fish")
    entry.name = "Renamed"
    entry.save()
    changed = client.get(f"/tools/{name}", headers=same)
    assert changed.status_code == 200
    assert Revision.current().endswith("+1")
    assert ("Renamed" in changed.text) == (name != "export.claims.csv")


@pytest.mark.django_db
def test_a_download_knows_its_type_and_where_its_pages_are(catalog_loaded: None, client: Client) -> None:
    response = client.get("/tools/export.jsonld")
    assert response["Content-Type"] == "application/ld+json"
    graph = json.loads(response.content)["@graph"]
    assert len(graph) == Entry.objects.count()
    assert any(thing["@id"] == "http://testserver/tools/rs-fish/" for thing in graph)


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/tools/", "/models/"])
def test_the_lists_offer_the_whole_catalog(catalog_loaded: None, client: Client, page: str) -> None:
    assert 'href="/tools/export.csv"' in client.get(page).text


@pytest.mark.django_db
def test_an_empty_database_is_not_exported(db: None, tmp_path: Path) -> None:
    Entry.objects.all().delete()
    with pytest.raises(CommandError, match=r"\[empty_catalog\]"):
        call_command("export_entries", str(tmp_path / "x.csv"), format="csv")
