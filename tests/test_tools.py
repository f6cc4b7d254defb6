"""Every tool folder keeps the same promises; a new folder is tested the day it lands."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from analysis_runner import descriptions, environments
from tests.conftest import lacking
from tests.tool_runs import SIZES, SLUGS, STEP, TOOLS, calibrated, computed, golden, run_tool

each_tool = pytest.mark.parametrize("slug", SLUGS)
REGIONS = """
import json, sys, numpy as np, tifffile
from skimage.measure import regionprops
from formats import open_file
from pathlib import Path
labels, opened = tifffile.imread(sys.argv[1]), open_file(Path(sys.argv[2]))
image = opened.selected({})
found = regionprops(labels, image if image.shape == labels.shape else None)
rows = [dict(label=r.label, area=r.area, diameter=r.equivalent_diameter_area, centroid=list(r.centroid),
             bbox=list(r.bbox), mean=float(r.intensity_mean) if image.shape == labels.shape else None,
             eccentricity=r.eccentricity if labels.ndim == 2 else None) for r in found]
values = np.unique(labels).tolist()
with tifffile.TiffFile(sys.argv[1]) as tif:
    print(json.dumps(dict(rows=rows, values=values, shape=labels.shape, axes=tif.series[0].axes, ome=tif.ome_metadata)))
"""
MAKE = (
    "import sys, numpy as np, tifffile; tifffile.imwrite(sys.argv[1], {array}, metadata={{'axes': '{axes}'}}, ome=True)"
)


@each_tool
def test_the_description_is_complete(slug: str) -> None:
    tool = descriptions.find_tool(slug)
    cards = {path.stem for path in (settings.BASE_DIR / "fixtures" / "tools").glob("*.yaml")}
    assert set(tool.entry) <= cards
    assert all(p.text and p.help for p in tool.parameters)
    for p in tool.parameters:
        if p.type in ("int", "float"):
            assert p.minimum is not None
            assert p.maximum is not None
            assert p.default is None or p.minimum <= float(p.default) <= p.maximum
        if p.type == "choice":
            assert p.default in {choice.value for choice in p.choices}
    assert len({c.name for c in tool.columns}) == len(tool.columns)
    assert all(c.text and c.meaning for c in tool.columns)
    assert {"overlay", "table"} <= {output.kind for output in tool.outputs}
    assert tool.citation
    assert all(re.fullmatch(r"10\.\d{4,}/\S+|", c.doi or "") for c in tool.citation)
    assert tool.limits_text
    assert all(sentence.endswith(".") for sentence in tool.limits_text)


@pytest.mark.parametrize("slug", [*SLUGS, "_readers"])
def test_the_lock_has_hashes_and_no_hosts(slug: str) -> None:
    lock = (TOOLS / slug / "requirements.lock").read_text()
    pinned = re.findall(r"^([a-z0-9._-]+)==\S+.*(?:\\\n +--hash=sha256:[0-9a-f]{64} ?)+", lock, re.MULTILINE)
    stated = re.findall(r"^[a-z0-9._-]+==", lock, re.MULTILINE)
    asked = re.findall(r"^[a-z0-9._-]+", (TOOLS / slug / "requirements.in").read_text(), re.MULTILINE)
    assert len(pinned) == len(stated)
    assert set(asked) <= set(pinned)
    assert not re.search(r"https?:|--index|--find-links|--extra|file:| @ ", lock)


def test_folders_that_ask_for_the_same_share_one_environment() -> None:
    asked = {(TOOLS / s / "requirements.in").read_text(): environments.digest(TOOLS / s) for s in SLUGS}
    assert {environments.digest(TOOLS / slug) for slug in SLUGS} == set(asked.values())


@each_tool
def test_the_golden_case_says_where_it_is_from_and_gives_what_it_should(slug: str) -> None:
    case = yaml.safe_load((TOOLS / slug / "golden" / "case.yaml").read_text())
    sample = TOOLS / slug / "golden" / case["sample"]
    assert case["origin"]
    assert case["licence"]
    assert sample.stat().st_size < 2**20
    expected, result = dict(case["expected"]), golden(slug).result
    assert abs(result["objects"] - expected.pop("objects")) <= expected.pop("tolerance")
    for measure, value in expected.items():
        assert result["measures"][measure] == pytest.approx(value, rel=0.05), measure


@each_tool
def test_outputs_are_those_described(slug: str) -> None:
    tool, ran = descriptions.find_tool(slug), golden(slug)
    assert {f["name"]: f["kind"] for f in ran.result["files"]} == {o.name: o.kind for o in tool.outputs}
    assert all((ran.out / output.name).stat().st_size > 100 for output in tool.outputs)
    assert ran.result["summary"].endswith(".")
    assert all(word.endswith(".") for word in ran.result["warnings"])
    assert len(ran.table()[tool.columns[0].name]) == ran.result["objects"]


@each_tool
def test_every_overlay_is_a_picture_of_at_most_2000_pixels(slug: str) -> None:
    for output in descriptions.find_tool(slug).outputs:
        if output.name.endswith(".png"):
            header = (golden(slug).out / output.name).read_bytes()[:24]
            assert header[:8] == b"\x89PNG\r\n\x1a\n"
            assert max(int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) <= 2000


@each_tool
def test_with_sizes_known_the_table_has_all_columns_described(slug: str) -> None:
    tool = descriptions.find_tool(slug)
    assert list(calibrated(slug).table()) == [column.name for column in tool.columns]


@each_tool
def test_without_a_pixel_size_nothing_is_in_micrometres(slug: str, tmp_path: Path) -> None:
    tool, sample, parameters = (
        descriptions.find_tool(slug),
        None,
        dict(descriptions.find_tool(slug).golden["parameters"]),
    )
    if tool.golden["pixel_size_um"]:
        sample, code = (
            tmp_path / "bare.tif",
            "import sys, tifffile; tifffile.imwrite(sys.argv[2], tifffile.imread(sys.argv[1]))",
        )
        computed(slug, code, str(TOOLS / slug / "golden" / tool.golden["sample"]), str(sample))
        parameters["slice_distance_px"] = 4.8272
    ran = run_tool(slug, sample, {"axes": tool.golden["axes"]}, parameters) if sample else golden(slug)
    without = [c.name for c in tool.columns if "µm" not in (c.unit or "")]
    assert list(ran.table()) == without
    assert not any("_um" in name for name in ran.result["measures"])
    assert any("pixel size" in warning for warning in ran.result["warnings"])


@each_tool
def test_micrometres_are_pixels_times_their_size(slug: str) -> None:
    table = calibrated(slug).table()
    area, volume = SIZES["x"] * SIZES["y"], SIZES["x"] * SIZES["y"] * SIZES["z"]
    factors = {"area_um2": area, "volume_um3": volume, "msd1_um2": area, "centroid_z_um": SIZES["z"]}
    pixels = {"area_um2": "area_px", "volume_um3": "volume_px", "msd1_um2": "msd1_px2"}
    for name in (n for n in table if "_um" in n and n not in ("speed_um_per_s", "equivalent_diameter_um")):
        own = table[pixels.get(name, name.replace("_um", "_px"))]
        for micrometres, px in zip(table[name], own, strict=True):
            assert float(micrometres) == pytest.approx(float(px) * factors.get(name, SIZES["x"]), rel=1e-9), name


@each_tool
def test_label_maps_keep_the_shape_have_no_gaps_and_know_their_pixel_size(slug: str) -> None:
    tool, ran = descriptions.find_tool(slug), calibrated(slug)
    for output in (o for o in tool.outputs if o.kind == "label_map"):
        found = computed(slug, REGIONS, str(ran.out / output.name), str(tool.golden_sample))
        shape = computed(slug, "import sys; from formats import open_file; from pathlib import Path; import json; "
                         "print(json.dumps(open_file(Path(sys.argv[1])).shape))", str(tool.golden_sample))  # fmt: skip
        axes = tool.input.axes.strip("HS")
        assert found["shape"] == [n for axis, n in zip(tool.input.axes, shape, strict=True) if axis in axes]
        assert found["axes"] == axes
        assert found["values"] == list(range(ran.result["objects"] + 1))
        assert f'PhysicalSizeX="{SIZES["x"]}"' in found["ome"]


@pytest.mark.parametrize("slug", [s for s in SLUGS if s.startswith("nuclei") or s == "ihc-stain"])
def test_measurements_are_those_of_scikit_image(slug: str) -> None:
    tool, table = descriptions.find_tool(slug), golden(slug).table()
    rows = computed(slug, REGIONS, str(golden(slug).out / "labels.ome.tif"), str(tool.golden_sample))["rows"]
    size, axes = ("volume", "zyx") if tool.input.axes == "ZYX" else ("area", "yx")
    assert len(rows) == golden(slug).result["objects"]
    for place, row in enumerate(rows):
        expected = {f"{size}_px": row["area"], "equivalent_diameter_px": row["diameter"], "mean_intensity": row["mean"]}
        expected |= {f"centroid_{axis}_px": row["centroid"][n] for n, axis in enumerate(axes)}
        expected |= {f"bbox_{axis}_min_px": row["bbox"][n] for n, axis in enumerate(axes)}
        expected |= {f"bbox_{axis}_max_px": row["bbox"][n + len(axes)] for n, axis in enumerate(axes)}
        expected["eccentricity"] = row["eccentricity"]
        for name, value in expected.items():
            if value is not None:
                assert float(table[name][place]) == pytest.approx(value, rel=1e-6, abs=1e-6), name


@each_tool
def test_an_image_with_other_axes_is_refused_with_a_cure(slug: str, tmp_path: Path) -> None:
    axes = "YX" if len(descriptions.find_tool(slug).input.axes) == 3 else "ZYX"
    shape = (64, 64) if axes == "YX" else (7, 64, 64)
    sample = tmp_path / "other.ome.tif"
    noise = f"np.random.default_rng(0).integers(0, 200, {shape}).astype('u1')"
    computed(slug, MAKE.format(array=noise, axes=axes), str(sample))
    assert run_tool(slug, sample).refusal["code"] == "wrong_dimensions"


@each_tool
def test_an_image_of_one_value_is_refused(slug: str, tmp_path: Path) -> None:
    axes = descriptions.find_tool(slug).input.axes
    shape = tuple(3 if axis == "S" else 32 for axis in axes)
    sample = tmp_path / "flat.ome.tif"
    computed(slug, MAKE.format(array=f"np.full({shape}, 7, 'u1')", axes=axes), str(sample))
    assert run_tool(slug, sample).refusal["code"] == "no_contrast"


@each_tool
def test_a_parameter_that_does_not_exist_is_refused(slug: str) -> None:
    assert run_tool(slug, parameters={"no_such": 1}).refusal["code"] == "unknown_parameter"


@each_tool
def test_values_that_do_not_fit_a_parameter_are_refused_and_all_defaults_fit(slug: str) -> None:
    code = """
import json, sys
from pathlib import Path
import yaml
from request import Refusal, checked
declared, wrong = yaml.safe_load(Path(sys.argv[1]).read_text())["parameters"], []
for parameter in declared:
    for value in ("many", [], {}, -1e9, 1e18, float("nan"), True if parameter["type"] != "bool" else 1):
        try:
            checked(declared, {parameter["name"]: value})
            wrong.append([parameter["name"], str(value)])
        except Refusal as refusal:
            assert refusal.code == "invalid_parameter"
print(json.dumps([wrong, checked(declared, {})]))
"""
    tool = descriptions.find_tool(slug)
    assert computed(slug, code, str(tool.folder / "tool.yaml")) == [[], {p.name: p.default for p in tool.parameters}]


@each_tool
def test_another_run_measures_the_same_pixels(slug: str) -> None:
    first, again = golden(slug).table(), calibrated(slug).table()
    assert {n: c for n, c in again.items() if "_um" not in n} == {n: c for n, c in first.items() if "_um" not in n}


@pytest.mark.parametrize(
    "image", ["dsb18_cdab367b30.png", "dsb18_db45946a44.png", "dsb18_b0defa611b.png", "stardist_tests_img2d.tif"]
)
def test_nuclei_agree_with_people_who_outlined_them(image: str, shared: Path) -> None:
    truth = shared / "reliability" / "groundtruth"
    if not truth.is_dir():
        lacking("The ground truth of nuclei", "It lies in ../shared/reliability/groundtruth.")
    code = """
import json, sys, numpy as np, tifffile
truth, found = (np.unique(tifffile.imread(path), return_inverse=True)[1].ravel() for path in sys.argv[1:])
both = np.zeros((truth.max() + 1, found.max() + 1)); np.add.at(both, (truth, found), 1)
iou = both[1:, 1:] / (both.sum(1)[1:, None] + both.sum(0)[None, 1:] - both[1:, 1:])
print(json.dumps(2 * float((iou > .5).sum()) / (truth.max() + found.max())))
"""
    ran = run_tool("nuclei-2d", truth / "images" / image, parameters={})
    assert ran.result["objects"] > 0
    label = truth / "labels" / f"{Path(image).stem}.tif"
    assert computed("nuclei-2d", code, str(label), str(ran.out / "labels.ome.tif")) >= 0.75


def test_speeds_need_a_time_step_and_displacements_add_up() -> None:
    ran, table = calibrated("track-particles"), calibrated("track-particles").table()
    places = ran.table("positions.csv")
    first = [n for n, track in enumerate(places["track"]) if track == "1"]
    steps = [
        (float(places["x_um"][b]) - float(places["x_um"][a])) ** 2
        + (float(places["y_um"][b]) - float(places["y_um"][a])) ** 2
        for a, b in pairwise(first)
    ]
    elapsed = (float(places["frame"][first[-1]]) - float(places["frame"][first[0]])) * STEP
    assert float(table["path_um"][0]) == pytest.approx(sum(step**0.5 for step in steps))
    assert float(table["speed_um_per_s"][0]) == pytest.approx(sum(step**0.5 for step in steps) / elapsed)
    assert "speed_um_per_s" not in golden("track-particles").table()
