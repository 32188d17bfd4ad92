"""The report page: its numbers are the report's, and hostile text stays text.

``tests/browser.py`` tests it in a browser.
"""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.core.errors import CnncalcError
from cnncalc.render import web
from cnncalc.render.web import workings

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)"> לוח & \'"'

CONV = {"conv": {"filters": 4, "kernel": 3, "padding": 1}}


class Page(HTMLParser):
    """The elements of a page: tags, attributes, and the rows of the table of layers."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.texts, self.rows, self.boxes = [], [], {}, [], {}
        self.cell = self.link = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.attributes += attributes
        if tag == "a":
            self.link = found["href"]
        if "data-name" in found:
            self.boxes[found["data-name"]] = self.link
        if tag == "tr":
            self.cell = None
            if "data-d" in found:
                self.rows.append((found, []))
        if tag in ("td", "th") and self.rows:
            self.cell = {"text": "", **found}
            self.rows[-1][1].append(self.cell)

    def handle_data(self, text):
        self.texts.setdefault(self.tags[-1] if self.tags else "", []).append(text)
        if self.cell is not None:
            self.cell["text"] += text

    def values(self, name):
        """The exact values of a column, by layer or block: the text, unless it is rounded."""
        place = self.all("data-c").index(name)
        found = {cells[0]["text"]: cells[place] for _, cells in self.rows}
        return {
            name: cell.get("data-v") or cell["text"].replace(",", "").strip()
            for name, cell in found.items()
        }

    def all(self, name):
        return [value for key, value in self.attributes if key == name]


@pytest.fixture(scope="module")
def page():
    return Page(cnncalc.to_html("resnet18", batch=2))


def test_the_table_has_the_numbers_of_the_json(page):
    layers = cnncalc.summarize("resnet18", batch=2).to_dict()["layers"]
    columns = {"params": "params", "macs": "macs", "flops": "flops", "memory": "activation_bytes"}
    for column, name in columns.items():
        values = page.values(column)
        assert {layer["name"]: str(layer[name]) for layer in layers}.items() <= values.items()


def test_a_block_has_the_sums_of_the_rows_directly_inside(page):
    for column in ("params", "macs"):
        values, sums = page.values(column), {}
        for name, value in values.items():
            sums[name.rpartition(".")[0]] = sums.get(name.rpartition(".")[0], 0) + int(value)
        assert sums.pop("") == getattr(cnncalc.summarize("resnet18", batch=2).totals, column)
        assert sums == {name: int(values[name]) for name in sums}
        assert {"layer1", "layer2.0", "layer2.0.downsample"} <= set(sums)


def test_the_cards_have_the_totals_and_the_peaks(page):
    report = cnncalc.summarize("resnet18", batch=2)
    shown = page.texts["dd"]
    assert f"{report.totals.params:,}" in shown
    assert f"{report.totals.macs:,}" in shown
    assert f"{report.totals.inference_peak:,} B" in shown
    assert f"{report.totals.training_peak:,} B" in shown


def test_every_link_leads_to_an_element_and_every_id_is_unique(page):
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    assert set(page.all("href")) <= {f"#{one}" for one in ids}
    assert set(page.boxes) >= {"conv1", "layer1.0", "layer4", "fc"}
    names = {found["id"]: cells[0]["text"] for found, cells in page.rows}
    assert all(names[link[1:]] == name for name, link in page.boxes.items())


def test_a_number_links_to_its_working():
    html = cnncalc.to_html("lenet5")
    row = next(line for line in html.splitlines() if 'scope="row">c3<' in line)
    keys = re.findall(r'href="#(w\d+)"', row)
    assert len(keys) == 6  # output, parameters, MACs, memory, receptive field, operations
    working = html[html.index(f'id="{keys[1]}"') :].split("</div>")[0]
    assert "<mn>2,400</mn>" in working  # 5·5·6·16 weights


def test_only_its_own_style_and_script_are_allowed_and_nothing_is_loaded():
    html = cnncalc.to_html("lenet5")
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', html)[1]
    texts = re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", html, re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in texts}
    assert policy.startswith("default-src 'none'; ")
    assert set(re.findall(r"'sha256-(.*?)'", policy)) == hashes
    assert len(texts) == 4  # the page's and both pictures' styles, and the script
    page = Page(html)
    assert not page.all("src")
    assert not page.all("style")
    assert not {"link", "img", "iframe", "object"} & set(page.tags)


def test_hostile_text_stays_text():
    published = {"quantity": "params", "value": "112", "source": HOSTILE}
    spec = {"name": HOSTILE, "note": HOSTILE, "input": "3x8x8", "layers": [CONV, "relu"]}
    html = cnncalc.to_html({**spec, "published": [published]})
    page = Page(html)
    published["source"] = "a paper"
    plain = Page(cnncalc.to_html({**spec, "name": "n", "note": "n", "published": [published]}))
    assert page.tags == plain.tags
    assert page.texts["h1"][0].startswith(HOSTILE)
    assert not page.all("onerror")


def test_hostile_names_of_layers_stay_text():
    report = cnncalc.summarize({"input": "3x8x8", "layers": [CONV, "relu"]})
    rows = tuple(row._replace(name=f"{HOSTILE}{i}") for i, row in enumerate(report.rows))
    page = Page(web.render(replace(report, rows=rows), HOSTILE))
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert [cells[0]["text"] for _, cells in page.rows] == [row.name for row in rows]
    assert page.texts["pre"][0] == HOSTILE


def test_the_spec_on_the_page_gives_the_same_report(tmp_path):
    page = Page(cnncalc.to_html("mobilenet_v2", settings={"width": 0.5}))
    path = tmp_path / "net.yaml"
    path.write_text(page.texts["pre"][0], encoding="utf-8")
    expected = cnncalc.summarize("mobilenet_v2", settings={"width": 0.5})
    assert cnncalc.summarize(path).totals == expected.totals


def test_a_page_shows_lower_bounds_and_what_is_not_known():
    opaque = {"opaque": {"shape": "4x8x8", "what": "a strange one"}}
    html = cnncalc.to_html({"input": "3x8x8", "layers": [CONV, opaque]})
    page = Page(html)
    assert "≥ 112 (108 weights + 4 biases)" in page.texts["dd"]
    assert "not known" in page.texts["dd"]
    assert page.values("params")["opaque1"] == "0"


def test_a_network_of_vectors_has_no_receptive_field():
    page = Page(cnncalc.to_html({"input": 10, "layers": [{"linear": 5}]}))
    assert "Parameters" in page.texts["dt"]
    assert "Receptive field" not in page.texts["dt"]


def test_a_page_shows_published_figures_and_errata():
    claims = [
        {"quantity": "params", "value": "113", "source": "page 1", "erratum": "a misprint"},
        {"quantity": "output", "layer": "conv1", "value": "4x8x8", "source": "page 2"},
    ]
    html = cnncalc.to_html({"input": "3x8x8", "layers": [CONV], "published": claims})
    assert '<td class="bad">does not follow: a misprint</td><td>page 1</td>' in html
    assert '<td class="good">agrees</td><td>page 2</td>' in html


def test_resnet50_with_every_derivation_is_smaller_than_250_kb():
    assert len(cnncalc.to_html("resnet50").encode()) < 250_000


def test_the_command_writes_the_page(tmp_path):
    out = tmp_path / "net.html"
    found = CliRunner().invoke(cli.app, ["report", "1x28x28-10N", "-o", str(out)])
    assert found.exit_code == 0
    assert out.read_text(encoding="utf-8") == cnncalc.to_html("1x28x28-10N")


def test_a_device_adds_the_least_time_of_a_training_step(tmp_path):
    """On a device with 10⁹ FLOP/s and 10⁹ B/s, in float32:

    - linear1 has 100·50 weights and 50 biases: 10 µs for its FLOPs, but 20.8 µs for its
      4·(100 + 5050 + 50) bytes, and 10 µs for the gradient of its weights;
    - linear2 has 50·10 weights and 10 biases: 1 µs for its FLOPs, 2.28 µs for its
      4·(50 + 510 + 10) bytes, and 2 µs for the gradients of its weights and of its input.
    """
    path, out = tmp_path / "d.yaml", tmp_path / "net.html"
    path.write_text("d: {name: a device, peak: {float32: 0.001}, bandwidth: 1}", encoding="utf-8")
    command = ["report", "100-50N-10N", "--on", "d", "--devices", str(path), "-o", str(out)]
    assert CliRunner().invoke(cli.app, command).exit_code == 0
    page = Page(out.read_text(encoding="utf-8"))
    times = {name: float(value) for name, value in page.values("time").items() if name != "input"}
    assert times == {"linear1": 30.8e-6, "linear2": 4.28e-6}
    assert "≥ 35.0 µs" in page.texts["dd"]
    assert any("lower bounds for a training step on a device" in one for one in page.texts["p"])
    assert "time" not in Page(cnncalc.to_html("100-50N-10N")).all("data-c")


def test_times_without_a_bandwidth_are_those_of_the_flops(tmp_path):
    path = tmp_path / "d.yaml"
    path.write_text("d: {peak: {float32: 0.001}}", encoding="utf-8")
    page = Page(cnncalc.to_html("100-50N-10N", on="d", path=path))
    assert page.values("time")["linear1"] == "2e-05"  # 10,000 FLOPs forward, 10,000 backward
    assert any("the bandwidth is not known" in one for one in page.texts["p"])


def test_times_of_layers_that_are_not_known_are_marked():
    opaque = {"opaque": {"shape": "4x8x8", "what": "a strange one"}}
    html = cnncalc.to_html({"input": "3x8x8", "layers": [CONV, opaque]}, on="t4")
    cells = {cells[0]["text"]: cells[8]["text"] for _, cells in Page(html).rows}
    assert cells["conv1"].endswith(" ns")
    assert cells["opaque1"].startswith("≥ ")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"on": "t4,a100"}, "'t4,a100' names 2 devices; give a single one"),
        ({"on": "all"}, "times on one device, not on"),
        ({"on": "raspberry-pi"}, "did you mean 'raspberry-pi-"),
        ({"on": "t4", "compare": "resnet34"}, "no times on a device; leave out the device"),
        ({"path": "devices.yaml"}, "but no device; name one of its devices with --on"),
        ({"on": "t4", "dtype": "float64"}, "t4 has no known peak for float64"),
        ({"dtype": "tf32"}, "tf32 is only for times on a device; otherwise, use float32"),
    ],
)
def test_a_device_that_a_page_cannot_use_is_refused(options, says):
    with pytest.raises(CnncalcError, match=re.escape(says)):
        cnncalc.to_html("lenet5", **options)


def test_two_networks_stand_side_by_side(tmp_path):
    out = tmp_path / "both.html"
    options = ["--compare", "resnet34", "--input", "2:3x320x320", "-o", str(out)]
    assert CliRunner().invoke(cli.app, ["report", "resnet18", *options]).exit_code == 0
    html = out.read_text(encoding="utf-8")
    page = Page(html)
    assert page.texts["h1"][0] == "ResNet-18 → ResNet-34"
    assert "<td>11.69 M</td><td>21.80 M</td><td>×1.86</td>" in html  # He et al. 2016
    assert page.tags.count("svg") == 2
    assert "input 3×320×320" in html
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    assert '<tr class="good"><th scope="row">layer1.2.conv1</th><td>added</td>' in html


def test_hostile_names_of_compared_networks_stay_text():
    plain, hostile = (
        cnncalc.to_html({"name": name, "input": "3x8x8", "layers": [CONV]}, compare="3-2N")
        for name in ("n", HOSTILE)
    )
    assert Page(hostile).tags == Page(plain).tags


def test_equal_networks_have_no_table_of_layers():
    html = cnncalc.to_html("lenet5", compare="lenet5")
    assert "LeNet-5 (1) → LeNet-5 (2)" in html
    assert Page(html).tags.count("table") == 1


def test_the_page_of_a_long_network_has_no_derivations(monkeypatch):
    monkeypatch.setattr(workings, "MOST_LAYERS", 2)
    short = cnncalc.to_html("3-2N-2N")
    assert "Left out" not in short
    assert "Select a number of a layer to see how it is computed." in short
    html = cnncalc.to_html("3-2N-2N-2N")
    assert "Select a number" not in html
    assert "Left out because the network has more than 2 layers" in html
    assert "<details><summary><b>" not in html
