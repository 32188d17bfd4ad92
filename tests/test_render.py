"""All formats agree, and none cuts a number."""

import csv
import html.parser
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import cnncalc
from cnncalc import render
from cnncalc.core.errors import UsageError, printable
from cnncalc.render import plot, terminal
from cnncalc.render.columns import COLUMNS, USUAL, choose_columns
from cnncalc.render.formats import table
from cnncalc.render.view import View

DOCS = Path(__file__).parent.parent / "docs"

SMALL = {
    "name": "Small | 100% & #1_net",
    "note": "A network for tests of layout: <plain> *text*.",
    "variants": {"large": "twice as wide"},
    "input": "3x32x32",
    "blocks": {
        "unit": {
            "takes": ["width"],
            "layers": [
                {
                    "residual": [
                        {"conv": {"out_channels": "$width", "kernel_size": 3, "padding": 1}},
                        {"batch_norm": None},
                    ],
                },
                "relu",
            ],
        },
    },
    "layers": [
        {"conv": {"out_channels": 16, "kernel_size": [3, 3], "padding": 1}, "name": "stem"},
        {"unit": 16, "name": "body", "repeat": 3},
        {"max_pool": 2, "name": "a_long_name_of_a_pool"},
        {"linear": 10, "name": "_fc_"},
    ],
}
COUNTS = ("params", "macs", "activation")


@pytest.fixture(scope="module")
def report():
    return cnncalc.summarize(SMALL)


@pytest.fixture(scope="module")
def counts(report):
    """The three counts of every line, from the report itself."""
    return [
        (line.name, *(getattr(line.cost, name) for name in COUNTS)) for line in report.outline(9)
    ]


@pytest.fixture(scope="module")
def view(report):
    return View(report, ("layer", *COUNTS), depth=9, exact=True)


def number(text):
    return int(text.strip("()").replace(",", ""))


def read(rows):
    return [(name, *map(number, numbers)) for name, *numbers in rows]


# Layout.


@pytest.mark.parametrize("width", [80, 120])
def test_a_table_matches_the_golden_file(report, golden, width):
    view = View(report, choose_columns(["+input", "fields"]), depth=1)
    golden(f"table_{width}.txt", render.load("table").render(view, width=width))


@pytest.mark.parametrize("name", ["csv", "html", "json", "latex", "markdown"])
def test_every_format_matches_its_golden_file(report, golden, name):
    form = render.load(name)
    text = form.render(View(report, depth=1))
    assert text.endswith("\n")
    golden(f"small{form.SUFFIX}", text.replace("\r\n", "\n"))


@pytest.mark.parametrize("columns", [["layer,kind,output,params,macs,memory,rf"], ["all"]])
def test_no_number_is_cut_at_any_width(report, columns):
    view = View(report, choose_columns(columns[0].split(",")), depth=2, exact=True)
    shown = [name for name in view.columns if view.numeric(name) or name in ("input", "output")]
    wanted = {view.text(name, line) for name in shown for line in view.lines} - {""}
    for width in range(60, 201):
        drawn = render.load("table").render(view, width=width)
        missing = [
            text for text in wanted if not re.search(rf"(?<!\S){re.escape(text)}(?!\S)", drawn)
        ]
        assert not missing, f"at {width} columns"


def tree(name, depth, columns="layer", **settings):
    """The rows of a table: between its two rules."""
    view = View(cnncalc.summarize(name), choose_columns(columns.split(",")), depth=depth)
    text = render.load("table").render(view, **settings)
    return re.split(r"─+(?:\x1b\[0m)?\n", text)[1].removesuffix("\x1b[2m").splitlines()


def test_layers_are_shown_below_their_blocks():
    rows = tree("resnet18", 4)
    first = rows.index("layer2.0")
    assert rows[first + 6 : first + 11] == [
        "  downsample.0", "  downsample.1", "  add", "  relu2", "layer2.1",
    ]  # fmt: skip
    assert tree("googlenet", 3).count("  3x3") == 9


def test_a_block_of_one_layer_gets_no_heading():
    """By default the blocks of ResNet-50 are folded to one line each."""
    assert [row for row in tree("resnet50", 2) if row.startswith("layer1")] == [
        "layer1.0", "layer1.1", "layer1.2",
    ]  # fmt: skip


def test_sorted_rows_keep_their_full_names(report):
    text = render.load("table").render(View(report, ("layer", "macs"), depth=9, sort="macs"))
    assert "\nbody.1.conv" in text


@pytest.mark.parametrize("format", ["csv", "markdown", "html", "latex"])
def test_other_formats_keep_full_names(report, format):
    assert "body.1.conv" in render.load(format).render(View(report, ("layer",), depth=9))


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize(
    "name", ["lenet5", "vgg16", "resnet50", "googlenet", "unet", "mobilenet_v2", "densenet121"]
)
@pytest.mark.parametrize("depth", [None, 3])
def test_the_usual_table_fits_the_terminal(name, width, depth):
    view = View(cnncalc.summarize(name), depth=depth)
    text = render.load("table").render(view, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert ("Kernel" in text) >= (width >= 100)


WINDOWS = {
    "input": "8x32x32",
    "layers": [
        {"conv": {"filters": 8, "kernel": 3, "stride": 2, "pad": 1, "groups": 4}},
        {"conv": {"filters": 8, "kernel": [3, 5], "pad": [1, 2], "dilation": 1}},
        {"conv": {"filters": 8, "kernel": 3, "pad": "same", "dilation": 2}},
        {"conv": {"filters": 8, "kernel": 2, "pad": [[0, 1], [0, 1]]}},
        {"max_pool": 2},
        {"max_pool": {"kernel": 3, "stride": 1}},
        "relu",
    ],
}


def test_the_kernel_column_shows_the_unusual_parts_of_a_window():
    view = View(cnncalc.summarize(WINDOWS), ("kernel",))
    assert [view.text("kernel", line) for line in view.lines] == [
        "", "3×3, s2, p1, g4", "3×5, p1×2", "3×3, same, d2", "2×2, p0/1", "2×2, s2", "3×3", "",
    ]  # fmt: skip


def test_the_inputs_column_names_the_inputs_of_a_row(report):
    view = View(report, ("inputs",), depth=9)
    inputs = {line.name: view.text("inputs", line) for line in view.lines}
    assert inputs["stem"] == "input"
    assert inputs["body.1.add1"] == "body.1.batch_norm1, body.0.relu1"
    folded = View(report, ("inputs",), depth=1)
    assert [folded.text("inputs", line) for line in folded.lines][2:4] == ["stem", "body"]
    shown = tree("resnet18", 3, "layer,inputs")
    assert any(re.fullmatch(r"  add +bn2, layer1\.0\.relu2", row) for row in shown)


def test_the_inputs_column_appears_for_joins_if_there_is_room():
    wide = [render.load("table").render(View(cnncalc.summarize(name), depth=3), width=200)
            for name in ("resnet18", "vgg16")]  # fmt: skip
    assert ["Inputs" in text for text in wide] == [True, False]


def test_zeros_are_dim_and_headings_bold():
    rows = tree("resnet18", 3, "layer,params", colour=True)
    assert next(row for row in rows if "maxpool" in row).endswith(" 0\x1b[0m")
    assert "\x1b[1mlayer1.0\x1b[0m" in rows
    assert not any("\x1b" in row for row in rows if "conv1" in row)


def test_very_many_inputs_are_counted_not_listed():
    spec = {"input": "1x2x2", "layers": [
        {"identity": None, "name": "a"},
        *({"relu": None, "name": f"b{i}", "from": "a"} for i in range(3_000)),
        {"concat": {"from": [f"b{i}" for i in range(3_000)]}, "name": "all"},
    ]}  # fmt: skip
    view = View(cnncalc.summarize(spec), ("layer", "input", "inputs"))
    text = render.load("table").render(view)
    assert "... (3,000 in all)" in text
    assert len(text) < 2_000_000


# The terminal.


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 3×3", "plain 3×3"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("two\nlines", r"two\nlines"),
        ("\u202eabc", r"\u202eabc"),
    ],
)
def test_no_text_controls_the_terminal(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("3×3", 3), ("层1", 3), ("e\u0301", 1)])
def test_wide_characters_take_two_columns(text, columns):
    assert terminal.cells(text) == columns
    assert terminal.cells(terminal.pad(text, 8)) == 8


@pytest.mark.parametrize("width", [7, 11, 20])
@pytest.mark.parametrize("text", ["one two three four", "averyveryverylongword in it", "层" * 30])
def test_wrapped_text_fits_and_loses_nothing(text, width):
    lines = terminal.wrap(text, width, indent="  ")
    assert max(map(terminal.cells, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("cell", "code"), [("✓ right", "32"), ("✗ wrong", "31"), ("illegal stride", "31"), ("0", "2")]
)
def test_verdicts_are_coloured(cell, code):
    assert terminal.marked(cell) == f"\x1b[{code}m{cell}\x1b[0m"
    assert terminal.marked(cell, colour=False) == cell


# The same numbers.


def test_csv_matches_the_report(view, counts):
    rows = list(csv.reader(io.StringIO(render.load("csv").render(view), newline="")))
    assert rows[0] == ["layer", *COUNTS]
    assert read(rows[1:]) == counts


def test_json_matches_the_report(view, counts, report):
    data = json.loads(render.load("json").render(view))
    layers = [(row["name"], *(row[name] for name in COUNTS)) for row in data["layers"]]
    assert layers == counts[len(report.input_shapes) :]
    assert data == json.loads(json.dumps(report.to_dict()))


def test_markdown_matches_the_report(view, counts):
    lines = render.load("markdown").render(view).splitlines()
    rows = [re.split(r" (?<!\\)\| ", line[2:-2]) for line in lines if line.startswith("| ")]
    unescaped = [[re.sub(r"\\(.)", r"\1", cell) for cell in row] for row in rows[2:]]
    assert read(unescaped) == counts
    assert rows[1] == [":---", "---:", "---:", "---:"]


def test_latex_matches_the_report(view, counts):
    body = render.load("latex").render(view).split("\\endfoot\n")[1].split("\\midrule\n")[0]
    rows = [line.removesuffix(" \\\\").split(" & ") for line in body.splitlines()]
    assert read([[re.sub(r"\\(.)", r"\1", cell) for cell in row] for row in rows]) == counts


def test_html_matches_the_report(view, counts):
    class Rows(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.rows, self.open = [], []

        def handle_starttag(self, tag, attrs):
            if tag not in ("br", "meta"):
                self.open.append(tag)
            if tag == "tr":
                self.rows.append([])
            if tag in ("td", "th"):
                self.rows[-1].append("")

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

        def handle_data(self, data):
            if "td" in self.open and "tbody" in self.open:
                self.rows[-1][-1] += data

    parser = Rows()
    parser.feed(render.load("html").render(view))
    assert not parser.open
    body = [row for row in parser.rows if len(row) == len(view.columns)][1:]
    assert read(body) == counts


def test_totals_are_the_same_everywhere(view, report):
    params = f"{report.totals.params:,}"
    for name in ("table", "markdown", "latex", "html"):
        assert params in render.load(name).render(view), name


# What readers of each format need.


def test_latex_escapes_everything():
    from cnncalc.render.formats.latex import escape, label

    assert escape("50% & #1_a $ {x} ~^\\") == (
        r"50\% \& \#1\_a \$ \{x\} \textasciitilde{}\textasciicircum{}\textbackslash{}"
    )
    assert escape("3×4 · 10⁶ 2²⁰") == r"3$\times$4 $\cdot$ 10$^{6}$ 2$^{20}$"
    assert label("VGG-16 (D)") == "tab:vgg-16-d"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@pytest.mark.parametrize("columns", ["layer", "all", "fields,params", ",".join(USUAL)])
def test_latex_compiles_and_fits_the_page(report, tmp_path, columns):
    table = render.load("latex").render(View(report, choose_columns(columns.split(",")), depth=1))
    packages = re.match(r"% needs (.*)\n", table)[1]
    before = f"\\documentclass{{article}}\n{packages}\n\\begin{{document}}\n"
    text = before + table + "\\end{document}\n"
    (tmp_path / "it.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "it.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert columns == "all" or b"Overfull" not in done.stdout


def test_markdown_keeps_pipes_in_their_cells():
    from cnncalc.render.formats.markdown import escape

    assert escape("a|b *c* _d_ e_f") == r"a\|b \*c\* \_d\_ e_f"


class Tags(html.parser.HTMLParser):
    """Every text with its path of tags."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.declared = [], {}, []
        self.feed(text)
        assert not self.open

    def handle_decl(self, decl):
        self.declared.append(decl)

    def handle_starttag(self, tag, attrs):
        if tag == "meta":
            self.texts[f"meta {attrs[0][0]}"] = attrs[0][1]
        else:
            self.open.append(tag)
            self.texts.setdefault("/".join(self.open), "")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts["/".join(self.open)] += data


def test_html_is_a_self_contained_page(report):
    page = Tags(render.load("html").render(View(report)))
    assert page.declared == ["doctype html"]
    assert page.texts["meta charset"] == "utf-8"
    assert page.texts["html/head/title"] == "Small | 100% & #1_net · input 3×32×32 · float32"
    assert {path.split("/")[1] for path in page.texts if "/" in path} == {"head", "body"}
    assert "html/head/style" in page.texts
    assert "html/body/main/section/table/tbody/tr/td" in page.texts


def test_a_notebook_shows_the_html_table_without_a_page_around_it(report):
    piece = report._repr_html_()
    tags = Tags(piece)
    assert not tags.declared
    assert {path.split("/")[0] for path in tags.texts} == {"style", "section"}
    section = piece[piece.index("<section") : piece.index("</section>")]
    assert section in render.load("html").render(View(report))


def latex(report, *columns):
    return render.load("latex").render(View(report, choose_columns(columns), depth=9))


@pytest.mark.parametrize("name", ["lenet5_1998", "resnet50", "unet"])
def test_latex_is_sound_with_every_column(name):
    text = latex(cnncalc.summarize(name), "all")
    aligned = re.search(r"\\begin\{longtable\}\{(.*)\}\n", text)[1]
    assert len(re.sub(r"p\{[^}]*\}", "p", aligned)) == len(COLUMNS)
    body = text.split("\\toprule\n")[1].split("\\end{longtable}")[0]
    rows = [line for line in body.splitlines() if line.endswith(r"\\")]
    cells = [row for row in rows if not row.startswith(r"\multicolumn")]
    assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in cells} == {len(COLUMNS)}
    for line in text.splitlines():
        bare = re.sub(r"\\[{}%&#_$\\]", "", line)
        assert bare.isascii()
        assert bare.count("{") == bare.count("}")
        assert bare.count("$") % 2 == 0
        assert line.startswith("%") or not re.search("[#%~]", bare)


def test_a_wide_latex_table_gets_smaller_and_then_rotates(report):
    assert r"\footnotesize" in latex(report, "layer", "params")
    wide = latex(cnncalc.summarize("resnet50"), *USUAL)
    assert r"\footnotesize" in wide  # on a rotated page, as many characters fit as in 1.6 lines
    assert wide.startswith(
        "% needs \\usepackage{booktabs,longtable,pdflscape}\n\\begin{landscape}\n"
    )
    assert wide.endswith("\\end{landscape}\n")
    assert wide.count(r"\caption{") == wide.count(r"\label{") == 1
    first, later = wide.split(r"\endfirsthead")
    assert r"\caption{" in first
    assert r"\toprule" in later.partition(r"\endhead")[0]
    assert "too wide" not in wide
    assert re.search(r"^% \d+ characters wide: too wide", latex(report, "all"), re.MULTILINE)


@pytest.mark.parametrize("depth", [1, 2, 9])
def test_the_columns_of_a_csv_add_up_to_the_totals(depth):
    """So that no line of totals is needed, which a program could mistake for a layer."""
    report = cnncalc.summarize("resnet50")
    names = ("params", "buffers", "macs", "flops", "stored", "operations")
    view = View(report, ("layer", *names), depth=depth)
    rows = [*csv.DictReader(io.StringIO(render.load("csv").render(view), newline=""))]
    totals = {name: sum(int(row[name]) for row in rows) for name in names}
    # PyTorch's figures; 53 batch norms have a batch counter in addition to mean and variance.
    assert totals["params"] == 25_557_032
    assert totals["macs"] == 4_089_184_256
    assert totals["flops"] == 8_178_368_512
    assert totals["buffers"] == 53_120 + 53
    assert totals["stored"] == report.totals.activations_total_bytes
    assert totals["operations"] == report.totals.operations_total


def test_html_and_json_are_ascii(report):
    for name in ("html", "json"):
        assert render.load(name).render(View(report)).isascii(), name


def test_csv_has_every_column(report):
    view = View(report, tuple(COLUMNS), depth=1)
    rows = list(csv.DictReader(io.StringIO(render.load("csv").render(view), newline="")))
    assert list(rows[0]) == list(COLUMNS)
    assert len(rows) == len(view.lines)


def test_an_unknown_format_gets_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'markdown'"):
        render.load("markdwn")
    with pytest.raises(UsageError, match="no format '_plot'"):
        render.load("_plot")


# The plot.


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_plot_fits_and_shows_the_distribution(width):
    lines = plot.draw(View(cnncalc.summarize("vgg16")), width, False).splitlines()
    assert max(map(len, lines)) <= max(width, 76)
    fc6 = next(line for line in lines if line.startswith("fc6"))
    # 25088·4096 + 4096 parameters are 74 % of VGG-16's 138 M.
    assert re.match(r"fc6 +102\.76 M +74% █", fc6)
    assert not any(line.startswith("relu") for line in lines)


def test_the_headings_of_a_plot_align_with_their_numbers():
    lines = plot.draw(View(cnncalc.summarize("vgg16")), 100, False).splitlines()
    heading = next(line for line in lines if "Params" in line)
    conv = next(line for line in lines if line.startswith("conv1_1"))
    for word, number in (("Params", "1,792"), ("MACs", "86.70 M"), ("Stored", "12.85 MB")):
        assert heading.index(word) + len(word) == conv.index(number) + len(number)


def test_bars_are_proportional_to_their_shares():
    """One bar of 8 characters and one of a quarter of it; the smallest share is a sliver."""
    panel = plot.Panel("MACs", ["4", "1", "0", "0"], [0.8, 0.2, 1e-9, 0.0])
    assert [plot._bar(panel, at, 8).rstrip() for at in range(4)] == ["████████", "██", "▏", ""]


def test_a_plot_of_enormous_sizes_fits():
    wide = f"{10**30}x1x1"
    lines = plot.draw(View(cnncalc.summarize(f"{wide}-2C1-3N")), 100, False).splitlines()
    assert max(map(len, lines)) < 200
    assert any("█" in line for line in lines)


def test_a_plot_in_colour_is_the_same_text():
    view = View(cnncalc.summarize("1x28x28-10N"))
    coloured = plot.draw(view, 80, True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plot.draw(view, 80, False)


# The JSON contract.


def documented(heading):
    """The keys of the table under a heading of docs/json.md."""
    text = (DOCS / "json.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    found = next(part for part in section if part.startswith(f"{heading}\n"))
    return set(re.findall(r"^\| `(\w+)` \|", found, flags=re.MULTILINE))


def test_the_json_contract_is_documented_key_by_key(report):
    data = report.to_dict()
    layer = data["layers"][0]
    assert documented("The report") == set(data)
    assert documented("Counts") == set(data["totals"])
    assert documented("A layer") | documented("Counts") == set(layer)
    assert documented("A receptive field") == set(layer["receptive_field"][0])


def test_totals_beyond_the_layers_are_the_inputs(report):
    data = report.to_dict()
    extra = {
        key: total - sum(layer[key] for layer in data["layers"])
        for key, total in data["totals"].items()
        if key != "exact"
    }
    size = 3 * 32 * 32
    assert {key: value for key, value in extra.items() if value} == {
        "activation": size,
        "activations_total": size,
        "activation_bytes": 4 * size,
        "activations_total_bytes": 4 * size,
    }


@pytest.mark.parametrize(("name", "short"), [("kind", "漢字…"), ("layer", "…漢字")])
def test_wide_characters_are_cut_by_their_width(name, short):
    # Each of these characters is two cells wide.
    assert table._cut("漢字漢字", name, 6) == short
