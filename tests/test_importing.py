"""Records of other registries: what is taken, what is refused, and that nothing is written over."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import loading, reading
from catalog.importing import files, formats, mapping, texts
from catalog.importing.records import Record, Refusal, UnusableError
from catalog.models import Claim, Concern, Entry, Option, Question

HERE = Path(__file__).parent / "data" / "registries"
TODAY = date(2026, 1, 31)
NEW = {"granule-counter", "bioimageio-dusty-bee", "bioimageio-sleepy-snail", "spot-notebook", "leaf-outlines"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)

KEYS = [
    "name", "biotoolsID", "homepage", "license", "topic", "function", "toolType", "publication", "link", "cost", "type",
    "id", "tags", "inputs", "outputs", "weights", "config", "links", "timestamp", "citations", "parameters", "cite",
    "algorithm_folder_name", "docker_image", "format_version", "operatingSystem", "lastUpdate", "documentation",
]  # fmt: skip
LIKELY: list[Any] = ["model", "application", "0.4.1", "0.5.0", "a_name", [{"axes": "bczyx"}], [{"type": "image"}]]


def run(path: Path, **options: Any) -> str:
    out = StringIO()
    call_command("import_entries", str(path), stdout=out, stderr=out, **options)
    return out.getvalue()


def record(name: str, number: int = 0) -> Record:
    found = list(formats.records(files.load(HERE / name), name, today=TODAY))[number]
    assert isinstance(found, Record), found
    return found


def written(folder: Path, data: Any) -> Path:
    path = folder / "records.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def tool_like(entry: Entry, **changes: Any) -> dict[str, Any]:
    """A bio.tools record that says of an entry what the catalog says, but for the changes."""
    return {
        "biotoolsID": entry.slug,
        "name": entry.name,
        "homepage": entry.homepage,
        "lastUpdate": "2025-06-07",
        "topic": [{"uri": "http://edamontology.org/topic_3382"}],
        **changes,
    }


@pytest.fixture
def fish(catalog_loaded: None) -> Entry:
    """An entry of the catalog whose facts do not change with its card."""
    Entry.objects.filter(pk="rs-fish").update(
        homepage="https://github.com/PreibischLab/RS-FISH", licence="GPL-2.0-only", cost="free", sources={},
        citation="10.1038/s41592-022-01669-y", platforms=["linux", "macos", "windows"], documentation="",
    )  # fmt: skip
    return Entry.objects.get(pk="rs-fish")


# What a record says


def test_a_biotools_record_gives_facts_with_its_own_page_and_day() -> None:
    found = record("biotools.json")
    assert (found.slug, found.source, found.read) == (
        "granule-counter",
        "https://bio.tools/granule_counter",
        date(2024, 5, 17),
    )
    assert found.facts == {
        "homepage": "https://granules.example.org/",
        "repository": "https://github.com/example/granule-counter",
        "licence": "GPL-3.0",
        "cost": "free",
        "platforms": ["linux", "windows"],
        "use_as": ["desktop", "plugin"],
        "citation": "10.1234/granules.1",
        "documentation": "https://granules.example.org/manual",
    }


def test_edam_terms_become_claims_of_modest_strength_and_image_analysis_says_nothing() -> None:
    assert record("biotools.json").claims == {
        ("goal.main", "trace"): 0.7,
        ("obj.kind", "neuron"): 0.7,
        ("img.modality", "em"): 0.7,
        ("data.format", "tif"): 0.7,
    }


def test_a_model_of_format_0_4_gives_its_axes_tags_host_and_framework() -> None:
    found = record("model-0.4.yaml")
    assert (found.slug, found.kind, found.read) == ("bioimageio-dusty-bee", "model", date(2023, 3, 4))
    assert found.claims[("img.dims", "d2")] == 1.0
    assert found.claims[("obj.kind", "nucleus")] == 0.7
    assert found.facts["runs_in"] == ["deepimagej"]
    assert (found.facts["framework"], found.facts["licence"]) == ("PyTorch", "CC-BY-4.0")


def test_a_model_cites_its_own_deposit_not_the_paper_on_its_architecture() -> None:
    found = record("model-0.4.yaml")
    assert found.otherwise["citation"] == "10.5281/zenodo.9999991"
    assert found.dois == {"10.5281/zenodo.9999991"}


def test_a_model_of_format_0_5_names_space_axes_one_by_one_and_may_leave_x_out() -> None:
    found = record("model-0.5.yaml")
    assert found.claims[("img.dims", "d3")] == 1.0
    assert ("img.dims", "d2") not in found.claims
    assert found.facts["runs_in"] == ["deepimagej"]
    assert "documentation" not in found.facts


def test_a_bilayers_config_gives_formats_outputs_and_the_licence_of_what_is_inside() -> None:
    found = record("bilayers.yaml")
    assert found.claims == {
        ("data.format", "tif"): 0.7,
        ("data.format", "ometiff"): 0.7,
        ("goal.main", "outline"): 0.7,
        ("goal.main", "measure"): 0.7,
        ("goal.output", "instance"): 0.4,
        ("img.dims", "d3"): 0.7,
        ("me.compute", "gpu_small"): 0.4,
    }
    assert found.facts == {"licence": "BSD-3-Clause", "citation": "10.1234/leaf"}


def test_the_listing_of_the_zoo_gives_its_applications_and_leaves_data_sets_out() -> None:
    found = list(formats.records(files.load(HERE / "collection.json"), "x", today=TODAY))
    assert [f.slug if isinstance(f, Record) else f.code for f in found] == [
        "spot-notebook",
        "outside_not_a_tool",
        "no_name",
    ]


@pytest.mark.parametrize("name", ["biotools.json", "model-0.4.yaml", "model-0.5.yaml", "bilayers.yaml"])
def test_no_prose_of_a_record_is_copied(name: str) -> None:
    assert "somebody else" not in repr(record(name))


def test_an_id_that_would_make_too_long_an_address_is_refused() -> None:
    said = {"type": "application", "format_version": "0.2.3", "name": "Long", "id": "\u00fc" * 110}
    (found,) = formats.records(said, "x", today=TODAY)
    assert isinstance(found, Refusal)
    assert found.code == "wrong_id"


@pytest.mark.django_db
def test_every_word_of_the_mapping_tables_names_an_option_that_exists(catalog_loaded: None) -> None:
    options = set(Option.objects.values_list("question_id", "value"))
    tables = [term.suits for term in mapping.terms().values()]
    tables += [
        mapping.meaning(k, [n]) for k in ("tags", "inputs", "outputs", "parameters") for n in mapping.table("tags")[k]
    ]
    assert {key for said in tables for key in said} <= options
    assert {s for said in tables for s in said.values()} <= {0.4, 0.7}
    assert set(mapping.table("tags")["runs_in"].values()) <= set(Entry.objects.values_list("slug", flat=True))


def test_the_labels_of_the_edam_table_are_those_of_edam(shared: Path) -> None:
    lines = (shared / "catalog-facts" / "edam.jsonl").read_text(encoding="utf-8").splitlines()
    labels = {term["id"]: term["label"] for term in map(json.loads, lines)}
    ours = {term.id: term.label for term in mapping.terms().values()}
    assert {name: label for name, label in ours.items() if labels.get(name, label) != label} == {}
    assert len(ours.keys() & labels.keys()) >= 60


# What is refused


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("laughs.yaml", "too_many_values"),
        ("loop.yaml", "not_yaml"),
        ("broken.json", "not_json"),
        ("bytes.json", "not_text"),
    ],
)
def test_a_file_built_to_harm_is_refused_with_a_code(name: str, code: str) -> None:
    with pytest.raises(UnusableError) as refused:
        files.load(HERE / "hostile" / name)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")


def test_yaml_makes_nothing_but_text() -> None:
    data = files.load(HERE / "hostile" / "object.yaml")
    assert data["name"] == ["touch pwned"]
    assert files.from_yaml("{a: 1e999, b: 2020-01-01, c: yes, d: 0x10}") == {
        "a": "1e999",
        "b": "2020-01-01",
        "c": "yes",
        "d": "0x10",
    }


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, "a: " * 3000, "? " * 500, "- " * 3000])
def test_deep_yaml_is_refused_not_followed(text: str) -> None:
    with pytest.raises(UnusableError):
        files.from_yaml(text)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_JSON", 2**20)
    path = tmp_path / "big.json"
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(UnusableError, match="Split it"):
        files.load(path)


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "away.yaml").symlink_to("/etc/hostname")
    assert list(files.read_all(tmp_path)) == []


def test_a_wrong_record_is_named_and_does_not_stop_the_others() -> None:
    found = list(formats.records(files.load(HERE / "biotools.json"), "biotools.json", today=TODAY))
    assert [type(f) for f in found] == [Record, Record, Refusal, Refusal]
    assert [f.code for f in found if isinstance(f, Refusal)] == ["wrong_id", "no_name"]
    assert "record 3 ('bad name with spaces')" in str(found[2])


def test_a_model_older_than_0_4_is_refused_with_what_is_read_instead() -> None:
    (found,) = formats.records(files.load(HERE / "model-0.3.yaml"), "x", today=TODAY)
    assert isinstance(found, Refusal)
    assert found.code == "unknown_format_version"
    assert "0.4 and 0.5" in found.sentence


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "https://user:pw@example.org/", "ftp://example.org/", "https://localhost/", 7, None,
        "https://a b.org", "https://example.org/" + "x" * 300, "https://example.org/<b>", "https://[::1",
        "https://example.org:99999/", ["https://example.org"],
    ],
)  # fmt: skip
def test_what_is_no_public_web_address_is_no_address(address: Any) -> None:
    assert texts.web(address) == ""


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("BSD 3-Clause", "BSD-3-Clause"), ("MIT", "MIT"), ("GPL-3.0-or-later", "GPL-3.0-or-later"), ("Other", ""),
        ("Proprietary", "proprietary"), ("CC BY 4.0", "CC-BY-4.0"), ("license_details", ""), ("do what you like", ""),
        (None, ""), (["MIT"], ""),
    ],
)  # fmt: skip
def test_a_licence_is_one_that_spdx_knows_or_none(said: Any, meant: str) -> None:
    assert texts.licence(said) == meant


def test_invisible_and_turning_characters_do_not_survive() -> None:
    assert texts.words("Good\u202eevil\u200b\x00name\n", 80) == "Good evil name"


def test_a_tag_is_cleaned_before_it_becomes_a_keyword() -> None:
    said = {"type": "model", "name": "N", "id": "a/b", "tags": ["nuclei\x00\u202e", "<b>", 7]}
    (found,) = formats.records(said, "any", form="bioimageio", today=TODAY)
    assert isinstance(found, Record)
    assert found.keywords == ("nuclei",)


@pytest.mark.parametrize("form", formats.FORMATS)
@given(data=st.dictionaries(st.sampled_from(KEYS), VALUES | st.sampled_from(LIKELY)))
@settings(max_examples=150, deadline=None)
def test_no_record_brings_the_reader_down(form: str, data: dict[str, Any]) -> None:
    for found in formats.records(data, "any", form=form, today=TODAY):
        assert isinstance(found, Record | Refusal)
        if isinstance(found, Record):
            assert "<" not in found.name
            assert found.read <= TODAY


# What happens to the catalog


@pytest.mark.django_db
def test_new_entries_become_valid_cards_with_source_day_and_unverified_claims(
    catalog_loaded: None, tmp_path: Path
) -> None:
    run(HERE, into=tmp_path)
    assert reading.read_catalog(tmp_path).mistakes == []
    card = yaml.safe_load((tmp_path / "tools" / "granule-counter.yaml").read_text(encoding="utf-8"))
    assert (card["source"], card["read"]) == ("https://bio.tools/granule_counter", date(2024, 5, 17))
    assert {block["source"] for block in card["claims"]} == {"https://bio.tools/granule_counter"}
    assert not any("read" in block for block in card["claims"])
    assert set(Entry.objects.filter(pk__in=NEW).values_list("slug", flat=True)) == NEW


@pytest.mark.django_db
def test_records_of_another_field_do_not_enter(catalog_loaded: None) -> None:
    said = run(HERE / "biotools.json")
    assert "1 left out: not_about_images" in said
    assert not Entry.objects.filter(name="Read Aligner X").exists()


@pytest.mark.django_db
def test_a_second_import_changes_nothing(catalog_loaded: None) -> None:
    run(HERE)

    def state() -> Any:
        concerns = Concern.objects.values_list("entry", "field", "source", "proposed")
        return Entry.objects.count(), Claim.objects.count(), sorted(map(repr, concerns))

    before = state()
    assert "0 new entries" in run(HERE)
    assert state() == before


@pytest.mark.django_db
def test_a_dry_run_changes_nothing(catalog_loaded: None) -> None:
    before = Entry.objects.count(), Concern.objects.count()
    assert "dry run" in run(HERE, dry_run=True)
    assert (Entry.objects.count(), Concern.objects.count()) == before


@pytest.mark.django_db
def test_an_empty_fact_is_filled_and_says_where_from(fish: Entry, tmp_path: Path) -> None:
    Entry.objects.filter(pk="rs-fish").update(licence="", cost="")
    fish.refresh_from_db()
    loading.follow(fish)
    run(written(tmp_path, [tool_like(fish, license="GPL-2.0", cost="Free of charge")]))
    fish.refresh_from_db()
    assert (fish.licence, fish.cost) == ("GPL-2.0", "free")
    at = {"source": "https://bio.tools/rs-fish", "read": "2025-06-07"}
    assert fish.sources == {"licence": at, "cost": at}
    free = fish.claims.get(option__question="me.cost", option__value="free")
    assert (free.source, free.read) == ("https://bio.tools/rs-fish", date(2025, 6, 7))


@pytest.mark.django_db
def test_sources_of_single_facts_go_to_the_cards_and_back(fish: Entry, tmp_path: Path) -> None:
    Entry.objects.filter(pk="rs-fish").update(documentation="", sources={})
    run(written(tmp_path, [tool_like(fish, documentation=[{"url": "https://fish.example.org/", "type": ["General"]}])]))
    cards = tmp_path / "cards"
    loading.dump(cards)
    before = (cards / "tools" / "rs-fish.yaml").read_bytes()
    assert b"sources: {documentation: {source: " in before
    loading.load(cards, discard_edits=True)
    assert Entry.objects.get(pk="rs-fish").sources["documentation"]["source"] == "https://bio.tools/rs-fish"
    assert loading.dump(cards) == []


@pytest.mark.django_db
def test_a_difference_waits_for_a_curator_and_is_never_written(fish: Entry, tmp_path: Path) -> None:
    path = written(tmp_path, [tool_like(fish, license="MIT")])
    run(path)
    run(path)
    (conflict,) = Concern.objects.filter(entry="rs-fish")
    assert (conflict.kind, conflict.field, conflict.held, conflict.proposed) == (
        "conflict",
        "licence",
        "GPL-2.0-only",
        "MIT",
    )
    assert (conflict.source, conflict.seen) == ("https://bio.tools/rs-fish", date(2025, 6, 7))
    assert Entry.objects.get(pk="rs-fish").licence == "GPL-2.0-only"


@pytest.mark.django_db
def test_what_a_curator_rejected_is_not_raised_again(fish: Entry, tmp_path: Path) -> None:
    path = written(tmp_path, [tool_like(fish, license="MIT")])
    run(path)
    Concern.objects.update(state=Concern.State.REJECTED)
    run(path)
    assert Concern.objects.count() == 1
    run(written(tmp_path, [tool_like(fish, license="Apache-2.0")]))
    assert Concern.objects.filter(state=Concern.State.OPEN, proposed="Apache-2.0").count() == 1


@pytest.mark.django_db
def test_a_claim_that_the_catalog_denies_is_a_conflict(fish: Entry, tmp_path: Path) -> None:
    option = Option.objects.get(question="goal.main", value="trace")
    said = {"strength": 0.0, "source": fish.homepage, "block": 99, "position": 0, "follows_from": ""}
    Claim.objects.update_or_create(entry=fish, option=option, defaults=said)
    denied = {"operation": [{"uri": "http://edamontology.org/operation_3450"}]}
    run(written(tmp_path, [tool_like(fish, function=[denied])]))
    conflict = Concern.objects.get(field="goal.main=trace")
    assert (conflict.held, conflict.proposed) == (0.0, 0.7)


@pytest.mark.django_db
def test_spellings_of_the_same_are_no_difference(fish: Entry, tmp_path: Path) -> None:
    said = tool_like(
        fish,
        homepage="http://www.github.com/preibischlab/rs-fish/",
        license="GPL-2.0",
        operatingSystem=["Linux"],
        publication=[{"doi": "https://doi.org/10.1038/S41592-022-01669-Y"}],
    )
    run(written(tmp_path, [said]))
    assert not Concern.objects.exists()


@pytest.mark.django_db
def test_a_name_alone_does_not_match_a_record_of_another_field(catalog_loaded: None, tmp_path: Path) -> None:
    other = {"biotoolsID": "rs-fish", "name": "RS-FISH", "homepage": "https://genes.example.org/", "topic": []}
    assert "0 matched" in run(written(tmp_path, [other]))
    assert not Concern.objects.exists()


def test_a_file_of_countless_tiny_values_is_refused_before_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_JSON_VALUES", 1_000)
    (tmp_path / "tiny.json").write_text(f"[{'[],' * 1_000}[]]")
    with pytest.raises(UnusableError) as refused:
        files.load(tmp_path / "tiny.json")
    assert refused.value.code == "too_many_values"


@pytest.mark.django_db
def test_a_name_of_which_no_address_can_be_made_is_refused(fish: Entry, tmp_path: Path) -> None:
    said = tool_like(fish, biotoolsID=None, name="細胞", homepage="https://cells.example.org/")
    said["function"] = [{"operation": [{"uri": "http://edamontology.org/operation_3552"}]}]
    told = run(written(tmp_path, [said]))
    assert "[no_address]" in told
    assert not Entry.objects.filter(slug__in=["", "tool"]).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "exists"), [("rejected", True), ("accepted", False), ("open", False)])
def test_whether_a_record_with_the_same_paper_is_the_same_tool_is_asked(
    fish: Entry, tmp_path: Path, state: str, exists: bool
) -> None:
    paper = [{"doi": fish.citation}]
    other = tool_like(
        fish, biotoolsID="quokka", name="Quokka", homepage="https://quokka.example.org/", publication=paper
    )
    other["function"] = [{"operation": [{"uri": "http://edamontology.org/operation_3552"}]}]
    path = written(tmp_path, [other])
    assert "1 new doubts" in run(path)
    assert "0 new doubts" in run(path)
    assert not Entry.objects.filter(pk="quokka").exists()
    Concern.objects.filter(entry="rs-fish", field="").update(state=state)
    run(path)
    assert Entry.objects.filter(pk="quokka").exists() is exists


@pytest.mark.django_db
def test_without_questions_nothing_is_imported(catalog_loaded: None) -> None:
    Question.objects.all().delete()
    with pytest.raises(CommandError, match=r"Run load_catalog first. \[empty_catalog\]"):
        run(HERE)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "code"), [("nothing", "no_such_file"), ("hostile/broken.json", "nothing_usable")])
def test_a_file_that_cannot_be_used_is_named_with_a_code(catalog_loaded: None, name: str, code: str) -> None:
    with pytest.raises(CommandError, match=code):
        run(HERE / name)


# Real records, where they are beside the project


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "least"), [("biotools-dump.json", 3000), ("bioimageio", 80), ("bilayers", 4)]
)  # fmt: skip
def test_real_records_are_read_twice_without_a_difference(
    catalog_loaded: None, shared: Path, name: str, least: int
) -> None:
    path = shared / "registries" / name
    if not path.exists():
        pytest.skip(f"The records of other registries are not in {path}; the project does not need them to work.")
    found = [
        r for f in files.read_all(path) if not isinstance(f, Refusal) for r in formats.records(f[1], f[0], today=TODAY)
    ]
    kinds = Counter(type(r) for r in found)
    assert kinds[Record] >= least
    run(path)
    assert " 0 new entries" in run(path)
