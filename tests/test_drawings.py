"""The drawings beside the options of the most asked questions: there, ours alone, and harmless on the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from django.test import Client

from recommender.templatetags.drawings import drawing

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "recommender" / "templates" / "recommender" / "drawings"
DRAWN = [
    "goal.main", "img.modality", "img.dims", "img.time", "obj.kind", "sample.kind",
    "goal.features", "goal.output", "img.channels", "me.interact", "img.align", "goal.assay",
]  # fmt: skip
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
SHAPES = {"path", "circle", "ellipse", "rect", "line", "polyline", "polygon", "g"}
NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)")
ROOT_ATTRIBUTES = {
    "class": "choice__drawing",
    "viewBox": "0 0 48 48",
    "fill": "none",
    "stroke": "currentColor",
    "stroke-width": "2",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
    "focusable": "false",
}
ATTRIBUTES = {
    *("d", "cx", "cy", "r", "rx", "ry", "x", "y", "width", "height", "x1", "y1", "x2", "y2", "points", "transform"),
    *("fill", "fill-opacity", "fill-rule", "opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap"),
}


def options(question: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load((ROOT / "fixtures" / "questions" / f"{question}.yaml").read_text())["options"])


def parts(svg: str) -> list[ET.Element]:
    """Return the shapes within a drawing, which on the page needs no namespace of its own."""
    return list(ET.fromstring(svg).iter())[1:]


def test_there_are_drawings() -> None:
    assert len(FILES) > 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_drawing_belongs_to_an_option(path: Path) -> None:
    assert path.suffix == ".svg"
    assert path.parent.name in DRAWN
    assert path.stem in {option["value"] for option in options(path.parent.name)}


@pytest.mark.parametrize("question", DRAWN)
def test_every_option_that_names_something_has_a_drawing(question: str) -> None:
    missing = [
        option["value"]
        for option in options(question)
        if not (option.get("alone") or option.get("neutral") or option["value"] in ("none", "other"))
        and not (FOLDER / question / f"{option['value']}.svg").is_file()
    ]
    assert missing == []


@pytest.mark.parametrize("question", DRAWN)
def test_no_two_options_of_a_question_look_the_same(question: str) -> None:
    drawings = [path.read_text() for path in (FOLDER / question).glob("*.svg")]
    assert len(set(drawings)) == len(drawings)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_drawing_is_small_plain_and_silent(path: Path) -> None:
    svg = path.read_text()
    assert len(svg.encode()) <= 900
    assert svg.count("\n") == 1
    assert svg.endswith("</svg>\n")
    root = ET.fromstring(svg)
    assert root.tag == "svg"
    assert root.attrib == ROOT_ATTRIBUTES
    shapes = parts(svg)
    assert shapes
    for shape in shapes:
        assert shape.tag in SHAPES  # so no text, script, style, image or use
        assert shape.attrib.keys() <= ATTRIBUTES  # so no id, style, href or handler
        assert shape.get("fill", "none") in ("none", "currentColor")
        assert shape.get("stroke", "none") in ("none", "currentColor")
        assert not (shape.text or "").strip()
    assert not re.search(r"url\(|#|&|javascript", svg)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_plain_shapes_stay_within_the_frame(path: Path) -> None:
    for shape in parts(path.read_text()):
        if shape.get("transform"):
            continue
        sizes = {name: float(value) for name, value in shape.attrib.items() if NUMBER.fullmatch(value)}
        if shape.tag == "circle":
            x, y, wide, high = sizes["cx"], sizes["cy"], sizes["r"], sizes["r"]
        elif shape.tag == "ellipse":
            x, y, wide, high = sizes["cx"], sizes["cy"], sizes["rx"], sizes["ry"]
        elif shape.tag == "rect":
            wide, high = sizes["width"] / 2, sizes["height"] / 2
            x, y = sizes["x"] + wide, sizes["y"] + high
        else:
            continue
        assert x - wide >= 2
        assert x + wide <= 46
        assert y - high >= 2
        assert y + high <= 46


def test_an_option_without_a_drawing_gets_none() -> None:
    assert drawing("goal.assay", "none") == ""
    assert drawing("no.question", "at_all") == ""


@pytest.mark.django_db
@pytest.mark.usefixtures("catalog_loaded")
@pytest.mark.parametrize("question", DRAWN)
def test_the_page_shows_the_drawings(client: Client, question: str) -> None:
    address = "/find/" if question == "goal.main" else f"/find/?goal.main=measure&ask={question}"
    page = client.get(address).content.decode()
    for option in options(question):
        path = FOLDER / question / f"{option['value']}.svg"
        if path.is_file():
            mark = rf'<input type="\w+" name="{re.escape(question)}" value="{option["value"]}"[^>]*>\s*'
            assert re.search(mark + re.escape(path.read_text().strip()), page), option["value"]
