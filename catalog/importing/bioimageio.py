"""Resource descriptions (RDF) of the BioImage Model Zoo: models of format 0.4 and 0.5, applications, its listing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import quote

from catalog.importing import mapping, texts
from catalog.importing.records import OutsideError, Record, UnusableError

ORIGIN = "bioimage.io"
FRAMEWORKS = {
    "pytorch_state_dict": "PyTorch",
    "torchscript": "PyTorch",
    "pytorch_script": "PyTorch",
    "tensorflow_saved_model_bundle": "TensorFlow",
    "keras_hdf5": "Keras",
    "keras_v3": "Keras",
    "onnx": "ONNX",
    "tensorflow_js": "TensorFlow.js",
}
_ZENODO = re.compile(r"10\.5281/zenodo\.\d{1,10}")
_NICKNAME = re.compile(r"[a-z]+-[a-z]+(-[a-z]+)?")
_TYPES = {"model", "application"}


def recognise(data: Any) -> bool:
    """Tell whether this is a resource description, a list of them, or the listing of the whole zoo."""
    if isinstance(data, list):
        return any(recognise(item) for item in data[:5] if isinstance(item, dict))
    if not isinstance(data, dict):
        return False
    return isinstance(data.get("collection"), list) or (
        "type" in data and bool({"format_version", "rdf_source"} & data.keys())
    )


def parts(data: Any) -> Iterator[Any]:
    """Yield each single record."""
    if isinstance(data, list):
        yield from data
    elif isinstance(data, dict) and isinstance(data.get("collection"), list):
        yield from data["collection"]
    else:
        yield data


def record(data: Any, today: date) -> Record:
    """Return what one record says.

    Raises
    ------
    UnusableError
        If it has no name or id, or a format that is not read here.
    OutsideError
        If it describes a data set or notebook, which are no tools.
    """
    if not isinstance(data, dict):
        raise UnusableError("not_a_record", "This is no resource description, which is a mapping.")
    kind = str(data.get("type"))
    if kind not in _TYPES:
        raise OutsideError("not_a_tool", f"A {kind[:20]!r} is neither a tool nor a model.")
    _check_version(kind, data)
    name = texts.words(data.get("name"), 80)
    if not name:
        raise UnusableError("no_name", "The record has no name of at most 80 plain characters.")
    identity, nickname = _identity(data)
    deposited = bool(_ZENODO.fullmatch(identity))
    page = _page(identity, nickname, texts.web(data.get("git_repo")))
    tags = [mapping.tag(tag) for t in texts.listed(data.get("tags")) if (tag := texts.words(t, 40))]
    return Record(
        origin=ORIGIN,
        kind="model" if kind == "model" else "tool",
        name=name,
        slug=texts.slug(f"bioimageio-{nickname}" if nickname and kind == "model" else name),
        source=page,
        read=texts.day(data.get("timestamp") or data.get("created"), today),
        summary=_summary(kind, data, tags),
        about_images=True,
        aliases=(nickname,) if nickname else (),
        keywords=tuple(dict.fromkeys(t for t in tags if not t[:1].isdigit()))[:12],
        facts=_model_facts(data, tags) if kind == "model" else _tool_facts(data, tags),
        claims=mapping.strongest([mapping.meaning("tags", tags), _axes_say(data)]),
        dois=frozenset(_own_dois(data, kind, identity)),
        otherwise={"homepage": page} | ({"citation": identity} if kind == "model" and deposited else {}),
    )


def _check_version(kind: str, data: dict[str, Any]) -> None:
    said = str(data.get("format_version", ""))
    least = (0, 4) if kind == "model" else (0, 2)
    found = re.match(r"(\d{1,3})\.(\d{1,3})", said)
    if said and (not found or not least <= (int(found[1]), int(found[2])) < (0, 6)):
        sentence = f"Format {said[:20]!r} is not read here. Models of 0.4 and 0.5 are, and applications of 0.2 and 0.3."
        raise UnusableError("unknown_format_version", sentence)


def _identity(data: dict[str, Any]) -> tuple[str, str]:
    """Return the id that stays the same in all versions, and the nickname such as 'affable-shark'."""
    said = texts.words(data.get("id"), 120)
    if zenodo := _ZENODO.match(said):
        said = zenodo[0]
    said = said.removesuffix("/latest").removeprefix("bioimage-io/")
    nick = texts.words(texts.within(data, "config", "bioimageio", "nickname") or data.get("nickname"), 60)
    nick = nick or texts.words(texts.within(data, "config", "bioimageio", "id"), 60) or said
    return said, nick if _NICKNAME.fullmatch(nick) else ""


def _page(identity: str, nickname: str, repository: str) -> str:
    """Return the page of a record in the zoo; of one that is not there yet, the repository that it names."""
    if nickname:
        return f"https://bioimage.io/#/artifacts/{nickname}"
    if _ZENODO.fullmatch(identity):
        return f"https://doi.org/{identity}"
    if identity and (page := texts.web(f"https://bioimage.io/#/?id={quote(identity, safe='')}")):
        return page
    if repository:
        return repository
    raise UnusableError(
        "wrong_id", "The record has no id of a sound length and no repository, so nobody could find it again."
    )


def _own_dois(data: dict[str, Any], kind: str, identity: str) -> Iterator[str]:
    """Yield the DOIs of the thing itself; a model cites papers on its architecture, which are not its own."""
    if _ZENODO.fullmatch(identity):
        yield identity
    if kind == "application":
        cited = texts.listed(data.get("cite"))
        yield from filter(None, (texts.doi(texts.within(c, "doi")) for c in cited))


def _model_facts(data: dict[str, Any], tags: list[str]) -> dict[str, Any]:
    weights = data.get("weights")
    formats = [w for w in FRAMEWORKS if isinstance(weights, dict) and w in weights]
    addresses = [texts.web(texts.within(weights, w, "source")) for w in formats]
    linked = [str(link).lower() for link in texts.listed(data.get("links"))]
    configured = data.get("config")
    config = [str(key).lower() for key in configured] if isinstance(configured, dict) else []
    licence = texts.licence(data.get("license"))
    found = {
        "repository": texts.web(data.get("git_repo")),
        "licence": licence,
        "cost": "free",
        "runs_in": mapping.host([*linked, *config, *tags]),
        "weights": next(filter(None, addresses), ""),
        "framework": FRAMEWORKS[formats[0]] if formats else "",
        "documentation": texts.web(data.get("documentation")),
    }
    return {field: value for field, value in found.items() if value}


def _tool_facts(data: dict[str, Any], tags: list[str]) -> dict[str, Any]:
    cited = [d for c in texts.listed(data.get("cite")) if (d := texts.doi(texts.within(c, "doi")))]
    found = {
        "repository": texts.web(data.get("git_repo")),
        "licence": texts.licence(data.get("license")),
        "use_as": ["notebook"] if {"notebook", "colab", "jupyter"} & set(tags) else [],
        "citation": cited[0] if len(cited) == 1 else "",
        "documentation": texts.web(data.get("documentation")),
    }
    return {field: value for field, value in found.items() if value}


def _axes_say(data: dict[str, Any]) -> dict[tuple[str, str], float]:
    """Return what the axes of the first input with planes say: flat, deep, or over time."""
    for given in texts.listed(data.get("inputs")):
        axes = _axes(texts.within(given, "axes"))
        if {"x", "y"} <= axes:
            said = {("img.dims", "d3" if "z" in axes else "d2"): 1.0}
            return said | ({("img.time", "series"): 0.7} if "t" in axes else {})
    return {}


def _axes(said: Any) -> set[str]:
    """Return the axes by letter: of "bczyx" (0.4) or of a list (0.5), where the id of a space axis may be left out."""
    if isinstance(said, str):
        return set(said[:20])
    found = set()
    for axis in texts.listed(said, 20):
        if isinstance(axis, str):
            found.add(axis[:1])
        elif axis_type := texts.within(axis, "type"):
            short = {"space": "x", "time": "t", "batch": "b", "channel": "c"}.get(str(axis_type), "")
            found.add(str(axis.get("id") or short)[:1] if axis_type == "space" else short)
    return found


def _summary(kind: str, data: dict[str, Any], tags: list[str]) -> str:
    if kind != "model":
        notebook = {"notebook", "colab", "jupyter"} & set(tags)
        return f"{'Notebook' if notebook else 'Application'} listed in the BioImage Model Zoo."
    dims = {"d3": "3D", "d2": "2D"}
    size = next((dims[o] for q, o in _axes_say(data) if q == "img.dims"), "")
    aims = [tag.replace("-", " ") for tag in tags if tag in mapping.table("tags")["tags"] and not tag[:1].isdigit()][:4]
    tagged = f", tagged with {', '.join(aims)}" if aims else ""
    return f"A{' ' + size if size else ''} model listed in the BioImage Model Zoo{tagged}."
