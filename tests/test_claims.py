"""``cnncalc claims``: what it shows, in every format, and its exit codes."""

import csv
import html.parser
import io
import json
import re

import pytest
from typer.testing import CliRunner

from cnncalc import cli, render
from cnncalc.conventions import published
from cnncalc.conventions.published import COLUMNS, check
from cnncalc.core.errors import CnncalcError, UsageError
from cnncalc.render.records import Records
from cnncalc.spec import text

NET = """\
name: A small one
input: 1x32x32
layers:
  - {conv: {filters: 6, kernel: 5}, name: c1}
  - {linear: 10, name: a_very_long_name_of_the_layer_that_decides}
published:
  - quantity: params
    layer: c1
    value: 150
    source: "LeCun & others, <1998>"
    habit: biases left out
  - {quantity: params, layer: c1, value: 26, source: a slip, erratum: one filter has 26}
"""
WRONG = "  - {quantity: activations_total_bytes, value: 25 kB, source: nobody}\n"
AFTER_ALL = "  - {quantity: macs, value: 165K, source: nobody, erratum: it is not so}\n"


def run(*arguments):
    return CliRunner().invoke(cli.app, ["claims", *map(str, arguments)])


@pytest.fixture
def net(tmp_path):
    """A network with a figure that holds, one that does not follow, and others."""

    def write(more=""):
        file = tmp_path / "net.yaml"
        file.write_text(NET + more, encoding="utf-8")
        return file

    return write


def test_figures_are_shown_with_their_verdicts(net):
    result = run(net())
    assert result.exit_code == 0
    assert "yes: biases left out" in result.stdout
    assert re.search(r"c1 +params +26 +156 +no \[1\]\n", result.stdout)
    assert "[1] one filter has 26\n" in result.stdout
    assert result.stdout.endswith("1 matches with a convention, 1 does not match\n")


def test_a_wrong_figure_exits_with_1(net):
    # Input, 6·28·28 and 10 are stored: 5,738 numbers of 4 bytes, 22,952.
    result = run(net(WRONG))
    assert result.exit_code == 1
    assert re.search(r"total +activations_total_ +25 kB +22,952 +NO, and no", result.stdout)
    assert "1 unexpected" in result.stdout


def test_an_erratum_that_holds_exits_with_1(net):
    # 117,600 + 47,040 multiply-accumulates.
    result = run(net(AFTER_ALL))
    assert result.exit_code == 1
    assert "YES, despite its erratum" in " ".join(result.stdout.split())
    assert result.stdout.endswith("1 matches with a convention, 1 does not match, 1 unexpected\n")


def test_sources_are_notes_below(net):
    text = run(net(), "--sources").stdout
    assert "[1] LeCun & others, <1998>\n" in text
    assert "LeCun" not in run(net()).stdout


def test_only_errata_can_be_shown(net):
    text = run(net(WRONG), "--errata").stdout
    assert "biases left out" not in text
    assert "one filter has 26" in text
    assert "25 kB" in text


def test_a_network_without_claims_says_so(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 3\nlayers: [relu]\n")
    assert run(file).stdout.startswith("no published figures are listed; add them under")
    assert json.loads(run(file, "-f", "json").stdout) == []


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_number_is_cut_at_any_width(net, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    text = run(net(WRONG), "vgg16", "googlenet", "--sources").stdout
    for finding in (*check("vgg16"), *check("googlenet")):
        figure = finding.calculated
        assert (f"{figure:,}" if isinstance(figure, int) else figure) in text
    assert "…" not in text


def test_the_tables_of_the_lectures_fit_80_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    names = ("vgg16", "googlenet", "alexnet", "lenet5", "lenet5_1998", "chinese_ocr", "vgg19")
    assert max(map(len, run(*names).stdout.splitlines())) <= 80


def test_every_built_in_is_listed():
    result = run("--errata")
    assert result.exit_code == 0
    assert "unexpected" not in result.stdout
    for name in ("vgg16", "googlenet", "alexnet_grouped", "chinese_ocr", "lenet5"):
        assert f"\n{name}: " in f"\n{result.stdout}"


# All formats agree.


@pytest.fixture
def records(net):
    return [one.to_dict() for one in check(net(WRONG))]


def test_json_has_every_figure(net, records):
    result = run(net(WRONG), "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == records
    assert tuple(records[0]) == COLUMNS


def test_csv_has_every_figure(net, records):
    rows = list(csv.DictReader(io.StringIO(run(net(WRONG), "--format", "csv").stdout, newline="")))
    plain = [{k: "" if v is None else str(v) for k, v in record.items()} for record in records]
    assert rows == plain


def test_markdown_has_every_figure(net, records):
    lines = run(net(WRONG), "--format", "markdown").stdout.splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == len(records) + 2
    assert "| 150 | 150 | agrees | biases left out |" in rows[2]
    assert r"LeCun & others, \<1998\>" in rows[2]
    assert "- **Unexpected:** 1" in lines


def test_latex_has_every_figure(net, records):
    text = run(net(WRONG), "--format", "latex").stdout
    body = text.split("\\endfoot\n")[1].split("\\midrule\n")[0]
    assert len(body.splitlines()) == len(records)
    assert r"LeCun \& others, \textless{}1998\textgreater{}" in body
    assert text.count("p{0.15\\linewidth}") == 3


def test_html_has_every_figure(net, records):
    class Cells(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.rows = []

        def handle_starttag(self, tag, attrs):
            if tag == "tr":
                self.rows.append([])
            elif tag == "td":
                self.rows[-1].append("")

        def handle_data(self, data):
            if self.rows and self.rows[-1]:
                self.rows[-1][-1] += data

    parser = Cells()
    parser.feed(run(net(WRONG), "--format", "html").stdout)
    rows = [row for row in parser.rows if len(row) == len(COLUMNS)]
    assert [row[-1].strip() for row in rows] == [record["source"] for record in records]


@pytest.mark.parametrize("name", sorted(set(render.names()) - {"table"}))
def test_tables_without_totals_and_remarks_have_no_blank_gaps(name):
    sheet = Records("Things", ("thing", "count"), [{"thing": "a", "count": None}])
    text = render.load(name).render(sheet)
    assert "\n\n\n" not in text
    assert not re.search(r"<tfoot>|<p></p>|noindent|midrule\n\\end\{", text)


def test_the_file_extension_selects_the_format(net, tmp_path):
    file = tmp_path / "claims.csv"
    assert run(net(), "-o", file).exit_code == 0
    assert file.read_text(encoding="utf-8").startswith("network,layer,")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["vgg61"], "no file or built-in network 'vgg61'"),
        (["lenet5", "--format", "jsno"], "no format 'jsno'; did you mean 'json'?"),
        (["lenet5", "-o", "claims.xyz"], "no format for the extension '.xyz'"),
    ],
)
def test_invalid_input_gets_one_clear_sentence(arguments, says):
    result = run(*arguments)
    assert isinstance(result.exception, UsageError)
    assert says in str(result.exception)


def test_a_malformed_claim_is_reported_with_its_location(net):
    file = net("  - {quantity: params, value: many, source: a}\n")
    error = run(file).exception
    assert isinstance(error, CnncalcError)
    assert str(error) == (
        f"{file}:13:5: params: 'many' is not a number; write it like 61706, 138M, 3.8G or 93 MB"
    )


@pytest.mark.parametrize(
    ("repeat", "figures", "settings"), [(500, 30, ""), (20, 12, "set: {{n: {}}}, ")]
)
def test_figures_that_take_too_long_to_compare_are_refused(monkeypatch, repeat, figures, settings):
    monkeypatch.setattr(published, "MAX_WORK", 12_000)
    claims = "".join(
        f"- {{{settings.format(n)}quantity: params, value: {n}, source: x}}\n"
        for n in range(1, figures)
    )
    layers = f"[{{linear: $n}}, {{relu: , repeat: {repeat}}}]"
    spec = f"input: 3\nparameters: {{n: 99}}\nlayers: {layers}\npublished:\n{claims}"
    with pytest.raises(CnncalcError, match="take more than 12,000 steps to compare"):
        check(text.read(spec, "net.yaml").plain())
    monkeypatch.setattr(published, "MAX_WORK", 50_000)
    assert len(check(text.read(spec, "net.yaml").plain())) == figures - 1
