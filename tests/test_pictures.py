"""Pictures: their geometry, what they show, and the files that writers make of them."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from random import Random
from xml.etree import ElementTree

import pytest
from picture_geometry import edges, faults

import cnncalc
from cnncalc import layers
from cnncalc.core.errors import CnncalcError, UsageError
from cnncalc.render import pictures
from cnncalc.render.pictures.palette import TONES
from cnncalc.spec import catalog

DAILY = (
    "alexnet", "googlenet", "lenet5", "mlp_mnist", "resnet18", "segnet", "siamese_koch",
    "ssd300_vgg16", "tdnn", "textcnn", "unet", "vgg16", "yolov3",
)  # fmt: skip
ALL = [
    pytest.param(name, marks=() if name in DAILY else pytest.mark.exhaustive)
    for name in catalog.names()
]
IMPORTED = (
    "alexnet", "convnext_tiny", "deeplabv3_resnet50", "densenet121", "efficientnet_b0",
    "efficientnet_v2_s", "fcn_resnet50", "googlenet", "inception_v3", "lraspp_mobilenet_v3_large",
    "maxvit_t", "mc3_18", "mnasnet1_0", "mobilenet_v2", "mobilenet_v3_large", "mvit_v1_b",
    "r2plus1d_18", "r3d_18", "regnet_x_400mf", "regnet_y_400mf", "resnet50", "resnext50_32x4d",
    "s3d", "shufflenet_v2_x1_0", "squeezenet1_0", "swin_t", "swin_v2_t", "swin3d_t", "vgg16_bn",
    "vit_b_16", "wide_resnet50_2",
)  # fmt: skip
"""Models of torchvision, whose graphs are those that PyTorch runs."""
WITHOUT = ("autoencoder_fc", "dcgan_generator", "fc_640x480x3", "mlp_mnist", "textcnn")
"""The networks without a sliding window, or without a field along an axis of the input."""
MERMAID = os.environ.get("MERMAID")
PIXELS, CELLS = pictures.writer_of("svg"), pictures.writer_of("text")

POINTWISE = {"filters": 4, "kernel": 1}
DENSE = {
    "name": "dense",
    "input": "3x8x8",
    "layers": [
        {"conv": dict(POINTWISE), "name": "a"},
        {"conv": dict(POINTWISE), "name": "b"},
        {"add": {"from": ["a", "b"]}, "name": "c"},
        {"conv": dict(POINTWISE), "name": "d", "from": "b"},
        {"add": {"from": ["a", "d"]}, "name": "e"},
        {"add": {"from": ["c", "e"]}, "name": "f"},
    ],
}
"""Not made of chains and branches: c and e both read a, and f reads what b leads to twice."""


def every_picture(report):
    """The options of graphs of a network, down to every depth."""
    for depth in (None, *range(1, report.depth + 1)):
        yield {"depth": depth}
        yield {"depth": depth, "direction": "right", "label": "params"}
    yield {"depth": report.depth, "every_layer": True, "label": "none"}
    yield {"colour": "macs"}


@pytest.mark.parametrize("name", ALL)
def test_a_graph_has_all_edges_and_nothing_overlaps_or_is_cut_off(name):
    check_graphs(cnncalc.summarize(name))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", IMPORTED)
def test_pictures_of_an_imported_model_have_no_overlaps_either(name):
    if find_spec("torchvision") is None:
        pytest.skip("needs torchvision")
    build, sizes = published()[name]
    report = cnncalc.summarize(cnncalc.from_torch(build(), input=sizes))
    check_graphs(report)
    check_volumes(report)
    for style in ("field", "window"):
        try:
            scene = report.draw(style).scene(PIXELS)
        except CnncalcError as why:
            if "has no layer with" not in str(why):
                raise
        else:
            assert faults(scene, PIXELS.MEASURE) == []


@cache
def published():
    """Each imported model's function and input; the library can be prepared only once."""
    from zoo import torchvision_models

    return {name: (build, sizes) for name, build, sizes in torchvision_models([*IMPORTED])}


def check_graphs(report):
    """Every graph of a network: its edges, and what is wrong with its geometry."""
    for options in every_picture(report):
        picture = report.draw(**options)
        scene = picture.scene(PIXELS)
        assert faults(scene, PIXELS.MEASURE) == [], options
        assert edges(scene.lines) == expected_edges(report, scene), options
        assert rows_in(scene) == {row.name for row in report.rows}
    for depth in (None, report.depth):
        scene = report.draw(depth=depth).scene(CELLS)
        assert faults(scene, CELLS.MEASURE) == [], depth


@pytest.mark.parametrize(
    "name",
    [
        "inception_module",
        "inception_v3",
        "ssd300_vgg16",
        "textcnn",
        "unet",
        "yolov3",
        "dense",
        "small",
    ],
)
def test_a_graph_fits_80_columns(name):
    report = cnncalc.summarize({"dense": DENSE, "small": SMALL}.get(name, name))
    deep = name in ("small", "inception_v3", "ssd300_vgg16")
    picture = report.draw(depth=report.depth if deep else None, every_layer=deep)
    for room in (80, 1):  # in 1, every graph is a single column of narrow boxes
        scene = picture.scene(CELLS, room)
        assert scene.width <= 80
        assert faults(scene, CELLS.MEASURE) == []
        assert edges(scene.lines) == expected_edges(report, scene)
        assert rows_in(scene) == {row.name for row in report.rows}


def rows_in(scene):
    """The names of all layers in a picture."""
    return {row for box in (*scene.boxes, *scene.frames) for row in box.rows}


@pytest.mark.parametrize("name", ALL)
def test_nothing_in_a_picture_of_volumes_overlaps_or_is_cut_off(name):
    check_volumes(cnncalc.summarize(name))


def check_volumes(report):
    for depth in (None, *range(1, report.depth + 1)):
        scene = report.draw("volumes", depth=depth).scene(PIXELS)
        assert faults(scene, PIXELS.MEASURE) == [], depth


def expected_edges(report, scene):
    """The edges between boxes, from the sources of the layers in them; copies of an open block
    stand for the first of them."""
    first = {}
    for frame in scene.frames:
        each = len(frame.rows) // frame.copies
        first |= {row: frame.rows[at % each] for at, row in enumerate(frame.rows) if at >= each}
    place = {row: box.key for box in scene.boxes for row in box.rows}

    def box_of(name):
        while name in first:
            name = first[name]
        return place[name]

    found = set()
    for row in report.rows:
        if row.name not in first:
            sources = (report.rows[source].name for source in row.sources)
            found |= {(box_of(source), box_of(row.name)) for source in sources}
    return {(source, target) for source, target in found if source != target}


def boxes(report, **options):
    return {box.name: box for box in report.draw(**options).scene(PIXELS).boxes}


def test_branches_keep_the_order_of_the_spec():
    report = cnncalc.summarize("inception_module")
    names = ["1x1", "3x3.reduce", "5x5.reduce", "pool"]
    across = [boxes(report, depth=3)[f"inception3a.{name}"].x for name in names]
    assert across == sorted(across)
    turned = boxes(report, depth=3, direction="right")
    down = [turned[f"inception3a.{name}"].y for name in names]
    assert down == sorted(down)


def test_equal_blocks_are_drawn_once_with_their_number():
    found = boxes(cnncalc.summarize("resnet50"), depth=2)
    assert found["layer1.1"].copies == 2
    assert found["layer3.1"].copies == 5
    texts = [text.content for text in found["layer3.1"].texts]
    assert texts[:2] == ["layer3.1–5 ×5", "1024×14×14"]


def test_neighbouring_stacks_of_equal_blocks_become_one():
    unit = {"residual": [{"conv": {"filters": 4, "kernel": 3, "padding": 1}}]}
    spec = {
        "name": "stacks",
        "input": "4x8x8",
        "blocks": {"stage": {"layers": [{"residual": unit["residual"], "repeat": 2}]}},
        "layers": [{"stage": {}, "name": "one"}, {"stage": {}, "name": "two"}],
    }
    (frame,) = cnncalc.draw(spec).scene(PIXELS).frames
    assert frame.copies == 4
    assert len(frame.rows) == 8


def test_the_numbers_in_a_box_are_those_of_its_layers():
    report = cnncalc.summarize("resnet18")
    box = boxes(report, depth=1, label="params")["layer1"]
    # Four 3×3 convolutions of 64 to 64 channels without biases, each with a scale and a shift.
    assert f"{4 * (9 * 64 * 64 + 2 * 64):,} parameters" in box.title
    assert "147.97 K params" in [text.content for text in box.texts]
    assert "64×56×56" in [text.content for text in box.texts]


def test_one_of_a_thing_is_singular():
    one = {"input": "1x1x1", "layers": [{"conv": {"filters": 1, "kernel": 1, "bias": False}}]}
    assert "1 MAC " in str(cnncalc.draw(one))
    assert "1 param " in str(cnncalc.draw(one, label="params"))
    assert "1 parameter · 1 MAC<" in cnncalc.draw(one).svg
    assert "1 parameter\n1 MAC\n" in cnncalc.draw(one).svg


def test_activations_join_the_layer_before_them_unless_every_layer_is_drawn():
    report = cnncalc.summarize("vgg16")
    assert boxes(report)["conv1_1"].rows == ("conv1_1", "relu1")
    assert boxes(report)["fc6"].rows[0] == "flatten"
    assert len(boxes(report, every_layer=True)) == len(report.rows)


def test_a_folded_block_of_a_single_layer_is_drawn_like_it():
    found = boxes(cnncalc.summarize("resnet50"), depth=3)
    box = found["layer1.0.downsample"]  # a convolution and its normalization
    assert box.tone == "convolution"
    assert "conv 1×1 + batch norm" in box.title
    assert boxes(cnncalc.summarize("unet"), depth=1)["down1"].tone == "block"


def test_one_block_can_be_drawn_alone_with_the_layers_that_it_reads():
    found = boxes(cnncalc.summarize("resnet18"), only="layer2", depth=3)
    assert {box.tone for name, box in found.items() if not name.startswith("layer2.")} == {
        "outside"
    }
    assert "layer2.0.conv1" in found
    assert "layer3.0.conv1" not in found


@pytest.mark.parametrize("name", layers.names())
def test_every_kind_of_layer_has_colours(name):
    assert layers.load(name).family in TONES


def test_a_heat_gives_the_largest_figure_the_darkest_shade():
    report = cnncalc.summarize("vgg16")
    tones = {name: box.tone for name, box in boxes(report, colour="params").items()}
    assert tones["fc6"] == "heat6"
    assert ".heat6 text{" in report.draw(colour="params").svg
    assert tones["pool1"] == "heat0"


def test_a_u_may_enlarge_its_maps_in_blocks():
    def conv(filters):
        return {"conv": {"filters": filters, "kernel": 3, "padding": 1}}

    layers = [
        {**conv(8), "name": "down1"},
        {"max_pool": 2},
        {**conv(16), "name": "down2"},
        {"max_pool": 2},
        conv(16),
        {"up": 16, "name": "up2"},
        {"concat": None, "from": ["down2", "up2"]},
        conv(8),
        {"up": 8, "name": "up1"},
        {"concat": None, "from": ["down1", "up1"]},
        conv(2),
    ]
    blocks = {"up": {"takes": ["width"], "layers": [{"upsample": 2}, conv("$width")]}}
    report = cnncalc.summarize({"input": "3x32x32", "blocks": blocks, "layers": layers})
    for writer in (PIXELS, CELLS):
        scene = report.draw(depth=3).scene(writer)
        assert edges(scene.lines) == expected_edges(report, scene)
        assert faults(scene, writer.MEASURE) == []


def test_a_part_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(UsageError, match="the network has no part 'unit'; choose from layer1, lay"):
        _ = cnncalc.draw("resnet18", only="unit").svg
    with pytest.raises(UsageError, match="no part 'layre1'; did you mean 'layer1'"):
        _ = cnncalc.draw("resnet18", only="layre1").svg


@pytest.mark.parametrize(
    ("colour", "most"),
    [
        ("macs", "most MACs"),
        ("params", "most parameters"),
        ("memory", "most memory"),
        ("rf", "largest receptive field"),
    ],
)
def test_the_legend_of_a_heat_says_what_is_largest(colour, most):
    assert f"strongest colour: {most}" in cnncalc.draw("lenet5", colour=colour).svg


@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize("writer", [PIXELS, CELLS])
def test_a_graph_that_is_not_made_of_branches_is_drawn_in_layers(direction, writer):
    report = cnncalc.summarize(DENSE)
    scene = report.draw(direction=direction).scene(writer)
    assert edges(scene.lines) == expected_edges(report, scene)
    assert faults(scene, writer.MEASURE) == []


def dense(count):
    """Every layer reads all layers before it."""
    layers = [{"conv": dict(POINTWISE), "name": "x0"}]
    for at in range(1, count):
        layers.append(
            {"add": {"from": ["input", *(f"x{one}" for one in range(at))]}, "name": f"x{at}"}
        )
    return {"name": "dense", "input": "4x8x8", "layers": layers}


def test_a_densely_connected_graph_is_drawn_in_layers():
    report = cnncalc.summarize(dense(12))
    scene = report.draw().scene(PIXELS)
    assert len(scene.lines) == 12 + 12 * 11 // 2
    assert faults(scene, PIXELS.MEASURE) == []


def random_graph(random):
    """Layers that read one to three of the five before them."""
    layers = [{"conv": dict(POINTWISE), "name": "x0"}]
    for at in range(1, random.randint(3, 14)):
        count = random.randint(1, 3)
        read = sorted({f"x{random.randint(max(0, at - 5), at - 1)}" for _ in range(count)})
        kind = "concat" if len(read) > 1 else random.choice(["tanh", "max_pool"])
        fields = {"max_pool": {"kernel": 1}}.get(kind, {})
        layers.append({kind: fields, "name": f"x{at}", "from": read})
    return {"name": "random", "input": "4x8x8", "layers": layers}


@pytest.mark.parametrize("seed", range(60))
def test_a_random_graph_has_all_edges_and_nothing_overlaps(seed):
    random = Random(seed)
    report = cnncalc.summarize(random_graph(random))
    for writer in (PIXELS, CELLS):
        direction = random.choice(["down", "right"])
        scene = report.draw(direction=direction, every_layer=seed % 2 == 0).scene(writer)
        assert faults(scene, writer.MEASURE) == []
        assert edges(scene.lines) == expected_edges(report, scene)
    assert faults(report.draw("volumes").scene(PIXELS), PIXELS.MEASURE) == []


@pytest.mark.parametrize(
    "spec",
    [
        {"input": "4x8x8", "layers": [{"conv": dict(POINTWISE)}] * 1_200},
        {"input": "4x8x8", "layers": [{"conv": dict(POINTWISE)}, {"max_pool": 1}] * 700},
        dense(60),
    ],
    ids=["equal layers", "a long chain", "many edges"],
)
def test_a_huge_graph_is_folded(spec):
    report = cnncalc.summarize({"name": "huge", **spec})
    scene = report.draw().scene(PIXELS)
    assert len(scene.boxes) <= 41
    assert sum(len(box.rows) for box in scene.boxes) == len(report.rows)
    assert faults(scene, PIXELS.MEASURE) == []


def test_an_svg_is_valid_and_always_the_same():
    svg = cnncalc.summarize("resnet18").draw().svg
    assert svg == cnncalc.draw("resnet18").svg
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not re.search(r"(href|src|url\()|@import", svg)
    assert "@media(prefers-color-scheme:dark)" in svg
    names = [one.get("data-name") for one in root.iter() if one.get("id")]
    assert names[:3] == ["input", "conv1", "maxpool"]


HOSTILE = ("ae\u0301", "<b>&amp;\"'</script>", "a\\b{c}$d_e%#", "层" * 40, "x" * 500, "]]>")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text_whatever_is_in_it(name):
    report = cnncalc.summarize("3x8x8-4C3")
    rows = tuple(row._replace(name=f"{row.name}{name}") for row in report.rows)
    picture = replace(report, name=name, rows=rows).draw()
    root = ElementTree.fromstring(picture.svg)
    assert f"input{name}" in [one.get("data-name") for one in root.iter()]
    assert root[0].text == name
    assert not any(one.tag.endswith("script") for one in root.iter())
    for writer in (PIXELS, CELLS):
        assert faults(picture.scene(writer), writer.MEASURE) == []
    assert (name in str(picture)) == (len(name) < 30)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"style": "grahp"}, "did you mean 'graph'"),
        ({"label": "mac"}, "did you mean 'macs'"),
        ({"colour": "heat"}, "choose from kind, macs"),
        ({"direction": "up"}, "choose from down, right"),
        ({"depht": 1}, "did you mean 'depth'"),
        ({"stile": "graph"}, "a picture has no option 'stile'; did you mean 'style'?"),
        ({"foo": 1}, "'foo'; it has style, depth, only, every_layer, direction, label, colour, "),
        ({"style": "x"}, "no style 'x'; choose from field, graph, memory, volumes, window"),
        ({"depth": 0}, "at least 1"),
        ({"depth": "2"}, "'depth' must be a whole number of at least 1, not '2'"),
        ({"label": 3}, "no label '3'"),
        ({"only": "layer9"}, "choose from layer1, layer2, layer3, layer4"),
        ({"only": "conv1"}, "is a layer, not a block"),
        (
            {"animate": True},
            "'animate' is only for the window style; graph takes 'depth', 'only', ",
        ),
        (
            {"style": "field", "depth": 1},
            "'depth' is only for the graph or volumes style; field takes 'layer'",
        ),
    ],
)
def test_a_wrong_choice_is_refused_with_the_right_one(options, says):
    with pytest.raises(CnncalcError, match=re.escape(says)):
        _ = cnncalc.draw("resnet18", **options).svg


def test_a_picture_is_saved_in_the_format_of_its_extension(tmp_path):
    picture = cnncalc.draw("lenet5")
    picture.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == picture._repr_svg_()
    picture.save(tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == str(picture)
    picture.save(tmp_path / "a")
    assert (tmp_path / "a").read_text(encoding="utf-8") == str(picture)
    with pytest.raises(CnncalcError, match=r"no picture format for the extension '\.jpg'"):
        picture.save(tmp_path / "a.jpg")
    with pytest.raises(CnncalcError, match="there is no folder"):
        picture.save(tmp_path / "missing" / "a.svg")


SMALL = {
    "name": "small",
    "input": "3x8x8",
    "blocks": {"unit": {"layers": [
        {"residual": [{"conv": {"filters": 4, "kernel": 3, "padding": 1}, "name": "b"}]},
    ]}},
    "layers": [
        {"conv": {"filters": 4, "kernel": 3}, "name": "a"},
        "relu",
        {"unit": {}, "name": "units", "repeat": 2},
        {"linear": 10, "name": "c"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("suffix", ["svg", "tex", "dot", "mmd", "txt"])
def test_the_file_of_a_small_graph_matches_the_golden_file(suffix, golden, tmp_path):
    path = tmp_path / f"a.{suffix}"
    cnncalc.draw(SMALL).save(path)
    golden(f"draw.{suffix}", path.read_text(encoding="utf-8"))


def hostile_pictures():
    """A graph whose names are markup in every language."""
    report = cnncalc.summarize("3x8x8-4C3")
    rows = tuple(
        row._replace(name=f"{row.name}{name}")
        for row, name in zip(report.rows, ("a\\b{c}$d_e%#&~^", 'x"] end; -->'), strict=True)
    )
    return replace(report, name='"; \\end % <b>', rows=rows).draw()


def test_names_are_escaped_in_every_language(tmp_path):
    for suffix, says in (
        ("dot", r'label="inputa\\b{c}$d_e%#&~^'),
        ("mmd", "x#34;#93; end#59; -#45;#62;".replace("-#45;", "--")),
        ("tex", r"inputa\textbackslash{}b\{c\}\$d\_e\%\#\&\textasciitilde{}\textasciicircum{}"),
    ):
        path = tmp_path / f"a.{suffix}"
        hostile_pictures().save(path)
        assert says in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "style"), [("resnet18", "graph"), ("lenet5", "volumes"), ("1x8x8-4C3s3", "window")]
)
def test_every_shape_and_text_is_in_the_tikz_file(name, style, tmp_path):
    picture = cnncalc.draw(name, style)
    picture.save(tmp_path / "a.tex")
    text, scene = (tmp_path / "a.tex").read_text(encoding="utf-8"), picture.scene(PIXELS)
    faces = [face for box in scene.boxes for face in box.faces]
    assert text.count("-- cycle") == len(faces) + len(scene.shapes)
    assert text.count("\\node") == len([*scene.all_texts])
    rectangles = sum(min(box.copies, 3) for box in (*scene.frames, *scene.boxes) if not box.faces)
    assert text.count("rectangle") == rectangles + 1
    assert text.count("{") == text.count("}")


def test_a_layer_is_chosen_for_its_window():
    first, second = (
        cnncalc.draw("alexnet", "window", layer=name).scene(PIXELS) for name in ("conv1", "pool1")
    )
    assert first.texts[0].content == "AlexNet: conv1"
    assert second.texts[0].content == "AlexNet: pool1"
    one = cnncalc.draw("1x3x3-4C3", "window").scene(PIXELS)  # a single place, so there is no next
    assert [line.tone for line in one.lines] == ["edge"]
    same = cnncalc.draw(
        {**SMALL, "layers": [{"conv": {"filters": 1, "kernel": 3, "padding": "same"}}]}, "window"
    )
    assert "N" not in same.scene(PIXELS).texts[1].content


@pytest.mark.exhaustive
@pytest.mark.skipif(not shutil.which("dot"), reason="needs Graphviz")
@pytest.mark.parametrize("name", [*DAILY, None])
def test_graphviz_reads_the_dot_file(name, tmp_path):
    path = tmp_path / "a.dot"
    picture = cnncalc.draw(name) if name else hostile_pictures()
    picture.save(path)
    run = subprocess.run(["dot", "-Tplain", path], capture_output=True, text=True, check=True)
    shown = [line for line in run.stdout.splitlines() if line.startswith("node ")]
    assert run.stderr == ""
    assert len(shown) == len(picture.scene(PIXELS).boxes)


MERMAID_READS = """
import fs from "fs";
import { JSDOM } from "jsdom";
globalThis.window = new JSDOM("<body></body>").window;
globalThis.document = window.document;
const mermaid = (await import("mermaid")).default;
for (const path of process.argv.slice(1)) await mermaid.parse(fs.readFileSync(path, "utf8"));
"""


@pytest.mark.exhaustive
@pytest.mark.skipif(not MERMAID, reason="needs MERMAID, a folder with 'npm install mermaid jsdom'")
def test_mermaid_reads_the_file_but_not_a_broken_one(tmp_path):
    paths = [tmp_path / f"{name}.mmd" for name in (*DAILY, "hostile")]
    for path in paths:
        name = path.stem
        (hostile_pictures() if name == "hostile" else cnncalc.draw(name)).save(path)
    command = ["node", "--input-type=module", "-e", MERMAID_READS]
    subprocess.run([*command, *paths], cwd=MERMAID, check=True)
    paths[0].write_text("flowchart TB\n  a[x -->", encoding="utf-8")
    broken = subprocess.run([*command, paths[0]], cwd=MERMAID, capture_output=True, check=False)
    assert broken.returncode


def test_a_graph_that_mermaid_would_not_draw_is_refused(tmp_path, monkeypatch):
    cnncalc.draw("lenet5").save(tmp_path / "a.mmd")
    monkeypatch.setattr("cnncalc.render.pictures.writers.mermaid.MOST_LINES", 3)
    with pytest.raises(CnncalcError, match=r"at most 3 arrows .* use 'depth' or 'only'"):
        cnncalc.draw("lenet5").save(tmp_path / "a.mmd")


@pytest.mark.exhaustive
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs LaTeX with TikZ")
@pytest.mark.parametrize("name", [*DAILY, None])
@pytest.mark.parametrize("style", ["graph", "volumes"])
def test_latex_compiles_the_tikz_file(name, style, tmp_path):
    picture = cnncalc.draw(name, style) if name else hostile_pictures()
    picture.save(tmp_path / "a.tex")
    command = ["pdflatex", "-halt-on-error", "-interaction=batchmode", "a.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "a.pdf").stat().st_size > 5_000


@pytest.mark.parametrize("style", ["graph", "volumes"])
def test_an_image_shows_its_texts(style, tmp_path):
    pytest.importorskip("resvg_py")
    small, named = cnncalc.draw(SMALL, style), cnncalc.draw({**SMALL, "name": "quite small"}, style)
    small.save(tmp_path / "a.png")
    named.save(tmp_path / "b.png")
    one, other = ((tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert one.startswith(b"\x89PNG")
    assert one != other  # they differ in a text alone


def test_a_pdf_has_its_fonts(tmp_path):
    pytest.importorskip("svg2pdf_py")
    cnncalc.draw(SMALL).save(tmp_path / "a.pdf")
    data = (tmp_path / "a.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert b"CnncalcSans-Bold" in data


@pytest.mark.parametrize(("suffix", "package"), [("png", "resvg_py"), ("pdf", "svg2pdf_py")])
def test_an_image_without_the_extra_is_refused(suffix, package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(CnncalcError, match=r"pip install 'cnncalc\[draw\]'"):
        cnncalc.draw(SMALL).save(tmp_path / f"a.{suffix}")


@pytest.mark.parametrize(("suffix", "package"), [("png", "resvg_py"), ("pdf", "svg2pdf_py")])
def test_an_image_never_leaves_out_a_character(suffix, package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, object())
    with pytest.raises(CnncalcError, match="has no character '层'"):
        cnncalc.draw({**SMALL, "name": "层"}).save(tmp_path / f"a.{suffix}")


@pytest.mark.parametrize("suffix", ["dot", "mmd"])
def test_volumes_are_refused_where_only_graphs_are_supported(suffix, tmp_path):
    with pytest.raises(CnncalcError, match="use the graph style"):
        cnncalc.draw(SMALL, "volumes").save(tmp_path / f"a.{suffix}")
    with pytest.raises(CnncalcError, match="need a picture file"):
        str(cnncalc.draw(SMALL, "volumes"))


def test_volumes_are_drawn_to_scale():
    found = boxes(cnncalc.summarize("vgg16"), style="volumes")
    fronts = {name: box.faces[-1].points for name, box in found.items()}
    width, height = (
        {name: points[2][axis] - points[0][axis] for name, points in fronts.items()}
        for axis in (0, 1)
    )
    assert height["conv1_1"] / height["pool2"] == pytest.approx(2)  # 224 = 2²·56
    assert width["conv3_1"] / width["conv1_1"] == pytest.approx(2)  # 256 = 2²·64
    planes = boxes(cnncalc.summarize("lenet5"), style="volumes")
    assert [len(planes[name].faces) for name in ("c1", "s2", "c3")] == [6, 6, 16]


def test_a_u_net_is_drawn_as_a_u():
    found = boxes(cnncalc.summarize("unet"), depth=1)
    for level in (1, 2, 3, 4):
        left, middle, right = (found[f"{name}{level}"] for name in ("down", "crop", "concat"))
        assert left.x < middle.x < right.x
        assert left.y == middle.y == right.y
    assert found["bottom"].y > found["down4"].y
    assert found["output"].y < found["concat1"].y


def test_the_terminal_picture_matches_the_golden_file(golden):
    golden("draw_inception.txt", str(cnncalc.draw("inception_module")))


def tones(scene):
    """The number of shapes in each colour."""
    return Counter(shape.tone for shape in scene.shapes)


def test_a_window_shows_the_pixels_that_are_never_read():
    # Windows of 3 at 0 and 3 leave the pixels 6 and 7 of each axis: 64 − 36.
    scene = cnncalc.draw("1x8x8-4C3s3", "window").scene(PIXELS)
    assert tones(scene) == {"tap": 9 + 1, "cell": 36 + 4, "unread": 28 + 1, "made": 1}
    assert "(8 − 3)/3 + 1 = 2.67, rounded down to 2" in scene.texts[1].content
    assert faults(scene, PIXELS.MEASURE) == []


def test_a_window_shows_padding_and_dilation():
    # A ring of one pixel around 7×7, and taps two pixels apart.
    scene = cnncalc.draw("1x7x7-4C3p1d2", "window").scene(PIXELS)
    assert tones(scene)["padding"] == 9 * 9 - 7 * 7 + 1
    places = sorted({shape.points[0][0] for shape in scene.shapes if shape.tone == "tap"})
    one, other = (b - a for a, b in pairwise(places))
    cell = scene.shapes[0].points[1][0] - scene.shapes[0].points[0][0]
    assert one == other == 2 * cell


def test_a_window_on_a_large_map_is_drawn_on_a_small_one_with_the_same_remainder():
    scene = cnncalc.draw("1x224x224-4C7s4", "window").scene(PIXELS)
    texts = " ".join(text.content for text in scene.texts)
    assert "instead of 224×224" in texts
    size = int(re.search(r"drawn on (\d+)", texts)[1])
    assert size % 4 == 224 % 4
    assert size < 20


def test_a_signal_has_a_window_of_one_row():
    scene = cnncalc.draw("tdnn", "window").scene(PIXELS)
    assert len({shape.points[0][1] for shape in scene.shapes if shape.tone in ("cell", "tap")}) == 2


def test_an_animated_window_stops_for_readers_who_want_less_motion():
    still, moving = (
        cnncalc.draw("1x7x7-4C3s2", "window", animate=animate).svg for animate in (False, True)
    )
    assert "@keyframes" not in still
    assert "@media(prefers-reduced-motion:reduce){.cnncalc .moving{animation:none}}" in moving
    # Nine places; the second is two cells to the right.
    cell = cnncalc.draw("1x7x7-4C3s2", "window").scene(PIXELS).shapes[0].points
    assert f"11.11%{{transform:translate({2 * (cell[1][0] - cell[0][0]):g}px,0px)}}" in moving
    ElementTree.fromstring(moving)


def test_an_animation_in_a_file_that_cannot_move_is_refused(tmp_path):
    with pytest.raises(CnncalcError, match=re.escape("a .tex file cannot be animated; use .svg")):
        cnncalc.draw("1x7x7-4C3s2", "window", animate=True).save(tmp_path / "a.tex")


@pytest.mark.parametrize("style", ["window", "field"])
@pytest.mark.parametrize("name", [one for one in ALL if one.values[0] not in WITHOUT])
def test_the_window_and_the_field_of_a_network_are_drawn_without_overlaps(style, name):
    scene = cnncalc.draw(name, style).scene(PIXELS)
    assert faults(scene, PIXELS.MEASURE) == []


@pytest.mark.parametrize(
    ("name", "layer"),
    [("vgg16", "pool5"), ("resnet18", "layer3"), ("lenet5", "s4"), ("1x20-4C3s2-4C3s2p1", None)],
)
def test_the_cone_of_a_field_covers_the_receptive_field(name, layer):
    report = cnncalc.summarize(name)
    scene = report.draw("field", layer=layer).scene(PIXELS)
    row = report[layer] if layer in report else report.rows[-2 if layer else -1]
    row = next(row for row in report.rows if row.name == re.split(" of | in ", scene.title)[1])
    first, last = row.fields[-1].pixels(row.output[-1] // 2)
    floor = max(shape.points[0][1] for shape in scene.shapes)
    bottom = [shape for shape in scene.shapes if shape.points[0][1] == floor]
    whole, seen = (
        (
            min(shape.points[0][0] for shape in bottom if shape.tone in tones),
            max(shape.points[1][0] for shape in bottom if shape.tone in tones),
        )
        for tones in (("cell",), ("tap", "padding"))
    )
    pixel = (whole[1] - whole[0]) / report.input_shape[-1]
    assert (seen[0] - whole[0]) / pixel == pytest.approx(first)
    assert (seen[1] - whole[0]) / pixel == pytest.approx(last + 1)


def test_the_field_of_a_layer_is_drawn_under_its_own_name():
    network = {"input": "1x9x9", "layers": [{"conv": {"filters": 4, "kernel": 3}}, "batch_norm"]}
    scene = cnncalc.draw(network, "field", layer="batch_norm1").scene(PIXELS)
    assert scene.title.startswith("receptive field of batch_norm1 in ")


@pytest.mark.parametrize(
    ("network", "note"),
    [
        ("1x13x13-4C3", "outputs are 1 pixel apart"),
        ("1x13x13-AP4s3", "outputs are 3 pixels apart"),
        ({"input": "1x13x13", "layers": [{"adaptive_avg_pool": 4}]},
         "outputs are 13/4 pixels apart on average"),
        ({"input": "1x4x4", "layers": [{"upsample": 2}]}, "outputs are 1/2 pixel apart on average"),
    ],
)  # fmt: skip
def test_a_field_says_how_far_apart_the_outputs_are(network, note):
    texts = [text.content for text in cnncalc.draw(network, "field").scene(PIXELS).texts]
    assert any(text.endswith(note) for text in texts)


def test_a_field_of_a_single_output_names_no_distance():
    texts = cnncalc.draw("1x9x9-4C9", "field", layer="conv1").scene(PIXELS).texts
    assert not any("apart" in text.content for text in texts)


@pytest.mark.parametrize(
    ("name", "style", "layer", "says"),
    [
        (
            "lenet5",
            "window",
            "f6",
            "layer 'f6' (linear) has no sliding window; choose a convolution",
        ),
        ("mlp_mnist", "window", None, "has no layer with a sliding window"),
        ("mlp_mnist", "field", None, "has no layer with a receptive field"),
        ("lenet5", "field", "f6", "of the input; choose another layer, such as 's4'"),
        ("lenet5", "field", "s9", "has no layer 's9'"),
    ],
)
def test_a_picture_of_a_layer_without_a_window_is_refused(name, style, layer, says):
    with pytest.raises(CnncalcError, match=re.escape(says)):
        cnncalc.draw(name, style, layer=layer).scene(PIXELS)
    with pytest.raises(CnncalcError, match=f"the {style} style needs a picture file"):
        str(cnncalc.draw(name, style))


def test_memory_is_drawn_to_scale_up_to_the_peak():
    """``test_memory.py`` compares the sizes themselves with PyTorch."""
    report = cnncalc.summarize("mlp_mnist", batch=3)
    found = cnncalc.memory(report)
    scene = report.draw("memory").scene(PIXELS)
    assert faults(scene, PIXELS.MEASURE) == []
    parts, pixels = scene.shapes[:4], 200 / found.training_peak.bytes
    floor = max(y for _, y in parts[0].points)
    tops = [min(y for _, y in part.points) for part in parts]
    assert floor - tops[0] == pytest.approx(found.resident * pixels, abs=1)
    assert floor - tops[-1] == 200
    assert parts[-1].title.startswith("transient")
    most = max(moment.gradients + moment.saved for moment in found.moments)
    assert floor - tops[2] == pytest.approx((found.resident + most) * pixels, abs=1)


@pytest.mark.parametrize("name", ["densenet121", "lenet5", "fc_640x480x3"])
def test_memory_of_any_length_is_drawn_without_overlaps(name):
    scene = cnncalc.draw(name, "memory").scene(PIXELS)
    assert faults(scene, PIXELS.MEASURE) == []
    assert max(len(shape.points) for shape in scene.shapes) <= 4 * 150


def test_memory_on_a_terminal_is_that_of_the_memory_command():
    with pytest.raises(CnncalcError, match="cnncalc memory NETWORK --plot"):
        str(cnncalc.draw("lenet5", "memory"))


def test_a_phase_without_room_has_no_name():
    spec = {"input": 10, "layers": [{"linear": 2}, *["relu"] * 60]}
    scene = cnncalc.draw(spec, "memory").scene(PIXELS)
    assert faults(scene, PIXELS.MEASURE) == []
    assert {"forward", "backward"} <= {text.content for text in scene.texts}
    assert "step" not in {text.content for text in scene.texts}


def test_signals_are_as_high_as_their_length_not_as_their_channels():
    from cnncalc.core.shape import Map
    from cnncalc.render.pictures.solids import SIDE, scale_for

    scale = scale_for([Map(512, (10,)), Map(3, (20,))])
    assert (scale.largest_side, scale.side(20)) == (20, SIDE)
