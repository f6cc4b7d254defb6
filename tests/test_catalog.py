"""Cards: every one is right, goes into the database and comes back byte for byte."""

from __future__ import annotations

import shutil
from io import StringIO
from pathlib import Path
from statistics import median

import pytest
import yaml
from django.core.management import CommandError, call_command
from pydantic import BaseModel

from catalog import cards, loading, reading
from catalog.checks import cards_are_right
from catalog.models import Claim, Entry, Question, Revision
from recommender.separating import FIRST, Separation

CARDS = sorted(loading.FIXTURES.glob("*/*.yaml"))


@pytest.fixture(scope="module")
def catalog() -> cards.Catalog:
    return reading.read_catalog(loading.FIXTURES)


def test_no_card_has_a_mistake(catalog: cards.Catalog) -> None:
    assert [str(m) for m in catalog.mistakes] == []


@pytest.mark.parametrize("path", CARDS, ids=[f"{p.parent.name}/{p.stem}" for p in CARDS])
def test_a_card_stands_in_its_canonical_form(path: Path) -> None:
    shapes: dict[str, type[BaseModel]] = {
        "questions": cards.QuestionCard,
        "tools": cards.ToolCard,
        "models": cards.ModelCard,
    }
    card = shapes[path.parent.name].model_validate(yaml.load(path.read_text(), reading.Loader))
    assert cards.write(card) == path.read_text(), "run `manage.py load_catalog` and `manage.py dump_catalog`"


@pytest.mark.django_db
def test_the_catalog_comes_back_byte_for_byte(catalog_loaded: None, tmp_path: Path) -> None:
    loading.dump(tmp_path)
    assert {p.relative_to(tmp_path) for p in tmp_path.glob("*/*.yaml")} == {
        p.relative_to(loading.FIXTURES) for p in CARDS
    }
    for path in CARDS:
        assert (tmp_path / path.relative_to(loading.FIXTURES)).read_bytes() == path.read_bytes(), path


@pytest.mark.django_db
def test_loading_twice_changes_nothing(catalog_loaded: None) -> None:
    before = Claim.objects.count()
    assert loading.load() is False
    assert Claim.objects.count() == before


@pytest.mark.django_db
def test_a_change_in_the_database_returns_to_its_card(catalog_loaded: None, tmp_path: Path) -> None:
    shutil.copytree(loading.FIXTURES, tmp_path / "fixtures")
    Entry.objects.filter(slug="fiji").update(summary="A changed sentence.")
    changed = loading.dump(tmp_path / "fixtures")
    assert [p.name for p in changed] == ["fiji.yaml"]
    assert "summary: A changed sentence." in changed[0].read_text()


def test_breadth_and_depth(catalog: cards.Catalog) -> None:
    assert len(catalog.questions) >= 45
    assert len(catalog.tools) >= 450
    assert len(catalog.models) >= 200
    blocks = [b for c in catalog.entries.values() for b in c.claims]
    said = sum(len(list(b.statements())) for b in blocks)
    assert said / len(catalog.entries) >= 15
    assert sum(len(list(b.statements())) for b in blocks if b.read) / said >= 0.6


def test_every_goal_has_tools(catalog: cards.Catalog) -> None:
    for option in catalog.questions["goal.main"].options:
        suited = [
            slug
            for slug, card in catalog.entries.items()
            if any(b.question == "goal.main" and b.suits.get(option.value, 0) >= 0.4 for b in card.claims)
        ]
        assert len(suited) >= 3, f"goal.main {option.value} has only {suited}"


CUT = {
    "goal.stakes", "obj.size_spread", "obj.shape_spread", "obj.overlap", "obj.rules", "img.bleed", "img.consistency",
    "gt.tried", "gt.effort", "gt.judge", "me.time", "me.repeat", "data.n_images", "data.meta", "me.downstream",
}  # fmt: skip
"""Questions that told no two tools apart (docs/decisions/0015)."""


def test_the_question_bank_keeps_its_ids(catalog: cards.Catalog, shared: Path) -> None:
    import json

    bank = json.loads((shared / "questions" / "bank.json").read_text())
    kept = [q for q in bank["questions"] if q["id"] not in CUT]
    assert len(kept) == len(bank["questions"]) - len(CUT)
    for question in kept:
        card = catalog.questions[question["id"]]
        ours = {o.value for o in card.options} | {a for o in card.options for a in o.aliases}
        assert {o["id"] for o in question["options"]} <= ours, question["id"]


QUESTION = {"text": "?", "why": "w", "kind": "single", "position": 1, "options": [{"value": "a", "text": "A"}, {"value": "b", "text": "B"}]}  # noqa: E501  # fmt: skip
TOOL = {"name": "T", "summary": "s", "claims": [{"question": "q.x", "suits": {"a": 1.0}, "source": "https://x.org"}]}


@pytest.mark.parametrize(
    ("card", "key", "value"),
    [
        (TOOL | {"claims": [{"question": "q.x", "suits": {"flourescence": 1.0}, "source": "https://x.org"}]}, "q.x", "flourescence"),  # noqa: E501
        (TOOL | {"claims": [{"question": "q.nope", "suits": {"a": 1.0}, "source": "https://x.org"}]}, "question", "q.nope"),  # noqa: E501
        (TOOL | {"claims": [{"question": "q.x", "suits": {"a": 1.5}, "source": "https://x.org"}]}, "suits.a", "1.5"),
        (TOOL | {"claims": [{"question": "q.x", "suits": {"a": 1.0}, "source": "somewhere"}]}, "source", "somewhere"),
        (TOOL | {"claims": [{"question": "q.x", "suits": {"a": 1.0}, "unsuited": ["a"], "source": "https://x.org"}]}, "q.x", "'a'"),  # noqa: E501
        (TOOL | {"claims": [{"question": "q.x", "suits": {"a": 1.0}, "source": "https://x.org", "read": "2999-01-01"}]}, "read", "2999-01-01"),  # noqa: E501
        (TOOL | {"hosts": ["nowhere"]}, "hosts", "nowhere"),
        (TOOL | {"colour": "red"}, "colour", "red"),
        (TOOL | {"cost": "cheap"}, "cost", "cheap"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_key_and_value(
    tmp_path: Path, card: dict[str, object], key: str, value: str
) -> None:
    for folder, name, content in (("questions", "q.x", QUESTION), ("tools", "typo", card)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    complaints = [str(m) for m in reading.read_catalog(tmp_path).mistakes]
    assert len(complaints) == 1, complaints
    assert complaints[0].startswith(str(tmp_path / "tools" / "typo.yaml"))
    assert key in complaints[0]
    assert value in complaints[0]


def test_the_same_key_twice_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "twice.yaml").write_text("name: A\nname: B\n")
    (complaint,) = reading.read_catalog(tmp_path).mistakes
    assert "'name' stands twice" in str(complaint)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghij", "bcdefghijk", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [(f"{BOMB}name: *k\n", "alias"), ("{a: " * 900 + "}" * 900, "nested too deeply"), (None, "Is a directory")],
    ids=["aliases", "depth", "folder"],
)
def test_a_card_that_no_reader_survives_is_a_mistake(tmp_path: Path, text: str | None, says: str) -> None:
    card = tmp_path / "tools" / "hostile.yaml"
    card.parent.mkdir()
    card.write_text(text) if text else card.mkdir()
    (complaint,) = reading.read_catalog(tmp_path).mistakes
    assert says in str(complaint)


@pytest.mark.django_db
def test_a_mistake_leaves_the_database_as_it_was(catalog_loaded: None, tmp_path: Path) -> None:
    shutil.copytree(loading.FIXTURES, tmp_path / "fixtures")
    (tmp_path / "fixtures" / "tools" / "fiji.yaml").write_text("name: broken\n")
    before = Revision.current()
    with pytest.raises(CommandError, match="nothing was loaded"):
        call_command("load_catalog", tmp_path / "fixtures")
    assert Revision.current() == before
    assert Entry.objects.get(slug="fiji").name != "broken"


def test_the_system_check_is_green() -> None:
    assert cards_are_right() == []


def test_check_catalog_says_what_is_read_reached_and_thin() -> None:
    out = StringIO()
    call_command("check_catalog", stdout=out)
    assert "No mistakes." in out.getvalue()
    assert "Read in their source: " in out.getvalue()


def test_nearly_every_tool_is_reached_by_its_own_answers(catalog: cards.Catalog) -> None:
    replays = list(Separation(catalog).replays())
    reached = [r for r in replays if r.rank <= FIRST]
    assert len(reached) / len(replays) >= 0.97
    assert median(r.asked for r in replays) <= 12


def test_check_catalog_names_what_nobody_reaches_and_what_no_answer_separates(tmp_path: Path) -> None:
    shutil.copytree(loading.FIXTURES / "questions", tmp_path / "questions")
    (tmp_path / "tools").mkdir()
    claims = "claims:\n- {question: goal.main, suits: {count: 1.0}, source: 'https://example.org'}\n"
    for name, reach in (("a", "ubiquitous"), ("b", "common"), ("c", "common"), ("d", "known"), ("e", "niche")):
        (tmp_path / "tools" / f"{name}.yaml").write_text(f"name: {name}\nsummary: Counts.\nreach: {reach}\n{claims}")
    out = StringIO()
    call_command("check_catalog", tmp_path, all=True, stdout=out)
    assert "3 of 5 tools (60.0%)" in out.getvalue()
    assert "Nobody reaches (2): d (place 4), e (place 5)." in out.getvalue()
    assert "Hardly told apart by all answers together (10)" in out.getvalue()
    assert "-0.0" not in out.getvalue()
    assert "goal.main=pose" in out.getvalue()
    family = (tmp_path / "tools" / "e.yaml").read_text().replace("reach:", "interchangeable_with: [a]\nreach:")
    (tmp_path / "tools" / "e.yaml").write_text(family)
    call_command("check_catalog", tmp_path, stdout=(again := StringIO()))
    assert "4 of 5 tools (80.0%)" in again.getvalue()


def test_check_catalog_reads_a_bank_of_questions_other_than_ours(tmp_path: Path) -> None:
    for folder, name, content in (("questions", "q.x", QUESTION), ("tools", "t", TOOL | {"cost": "free"})):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    call_command("check_catalog", tmp_path, stdout=(out := StringIO()))
    assert "1 of 1 tools (100.0%)" in out.getvalue()


@pytest.mark.django_db
def test_options_a_person_may_tick_are_bounded_where_the_bank_says_so(catalog_loaded: None) -> None:
    assert Question.objects.get(pk="goal.main").max_picks == 3


@pytest.mark.django_db
def test_dump_leaves_alone_what_it_did_not_load(catalog_loaded: None, tmp_path: Path) -> None:
    shutil.copytree(loading.FIXTURES, tmp_path / "fixtures")
    (tmp_path / "fixtures" / "tools" / "new.yaml").write_text("name: New\n")
    with pytest.raises(loading.EditedError, match="Load them first"):
        loading.dump(tmp_path / "fixtures")
    assert (tmp_path / "fixtures" / "tools" / "new.yaml").exists()


@pytest.mark.django_db
def test_a_folder_without_cards_does_not_empty_the_catalog(catalog_loaded: None, tmp_path: Path) -> None:
    before = Entry.objects.count()
    with pytest.raises(CommandError, match="not there"):
        call_command("load_catalog", tmp_path / "nowhere")
    assert Entry.objects.count() == before


@pytest.mark.django_db
def test_loading_does_not_lose_a_curators_edit_in_silence(catalog_loaded: None, tmp_path: Path) -> None:
    entry = Entry.objects.get(pk="fiji")
    entry.summary = "Edited by a curator."
    entry.save()
    with pytest.raises(loading.EditedError, match="dump_catalog"):
        loading.load()
    assert loading.load(discard_edits=True)
    assert Entry.objects.get(pk="fiji").summary != "Edited by a curator."


@pytest.mark.django_db
def test_one_dated_claim_does_not_date_its_neighbours(catalog_loaded: None, tmp_path: Path) -> None:
    claims = list(Claim.objects.filter(entry="fiji", option__question="goal.main"))
    assert len(claims) > 1
    claims[0].read = "2026-01-01"
    claims[0].save()
    loading.dump(tmp_path)
    card = yaml.safe_load((tmp_path / "tools" / "fiji.yaml").read_text())
    dated = [b for b in card["claims"] if str(b.get("read")) == "2026-01-01"]
    assert len(dated) == 1
    assert len(dated[0].get("suits", {})) + len(dated[0].get("unsuited", [])) == 1


def test_an_impossible_date_is_named_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "dated.yaml").write_text("name: A\nread: 2024-13-45\n")
    (complaint,) = reading.read_catalog(tmp_path).mistakes
    assert "dated.yaml" in str(complaint)


PACKAGE_HOSTS = ("pypi" + ".org", "anaconda" + ".org", "npmjs" + ".com")


@pytest.mark.parametrize("path", CARDS, ids=[f"{p.parent.name}/{p.stem}" for p in CARDS])
def test_a_card_names_no_package_host(path: Path) -> None:
    """A package index repeats what its author uploaded; the project's own pages are the source."""
    assert not [host for host in PACKAGE_HOSTS if host in path.read_text()]


@pytest.mark.parametrize("path", [p for p in CARDS if p.parent.name != "questions"], ids=lambda p: p.stem)
def test_what_a_card_says_runs_here_does(path: Path) -> None:
    for slug in yaml.safe_load(path.read_text()).get("runs", []):
        assert (loading.FIXTURES.parent / "analysis_runner" / "tools" / slug / "run.py").is_file(), slug


@pytest.mark.parametrize(("card", "model"), [(cards.EntryCard, Entry), (cards.QuestionCard, Question)])
def test_a_card_is_never_longer_than_its_column(card: type, model: type) -> None:
    for name, field in card.model_fields.items():  # type: ignore[attr-defined]
        column = next((f for f in model._meta.fields if f.name == name), None)  # type: ignore[attr-defined]
        limit = getattr(column, "max_length", None)
        if limit and column.get_internal_type() == "CharField" and not column.choices and name != "citation":  # type: ignore[union-attr]
            bound = next((m.max_length for m in field.metadata if hasattr(m, "max_length")), None)
            assert bound is None or bound <= limit, name
            if field.annotation is str:
                assert bound is not None, name
