"""A sweep as a picture, with every point at its place, and as a Parquet file."""

import re
from importlib.util import find_spec

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.core.errors import UsageError
from cnncalc.render.pictures import heat, scatter, writer_of

NET = "1x8x8-4C3-2N"
WORDS = ["sweep", NET, "--over", "batch=1,2,3", "--over", "input=6:8"]


def found(**options):
    return cnncalc.sweep(NET, {"batch": [1, 2, 3], "input": "6:8"}, **options)


def test_every_point_of_a_chart_is_at_its_place():
    # 36·(N − 2)² MACs and two for each of the 4·(N − 2)² inputs of the linear layer: 44·(N − 2)²
    # for each image; 40 + 8·(N − 2)² + 2 parameters.
    lines = scatter.text(found(), ["macs", "params"], 60).splitlines()
    rows = [line.partition("│")[2] for line in lines[1:-2]]
    assert len(rows) == scatter.ROWS
    marks = [(row, column) for row, text in enumerate(rows[::-1])
             for column, mark in enumerate(text) if mark != " "]  # fmt: skip
    left = rows and lines[1].index("│") + 1
    cells = 60 - left
    sizes = {n: (n - 2) ** 2 for n in (6, 7, 8)}
    expected = {
        (17 * (sizes[n] - 16) // 20, (cells - 1) * (44 * b * sizes[n] - 704) // (44 * 3 * 36 - 704))
        for n in sizes for b in (1, 2, 3)
    }  # fmt: skip
    assert set(marks) == expected
    assert lines[1].startswith("330")
    assert lines[-1].split()[0] == "704"


def test_cells_show_how_many_points_they_have():
    one = cnncalc.sweep(NET, {"dtype": ["float32", "float16", "int8"]})
    assert "•" in scatter.text(one, ["macs", "params"], 40)
    many = cnncalc.sweep(NET, {"batch": [1] * scatter.MANY})
    assert "●" in scatter.text(many, ["macs", "params"], 40)


def test_a_picture_has_a_square_for_every_cell_and_its_first_configuration():
    writer = writer_of("svg")
    scene = scatter.chart(found(), ["macs", "params"], NET, writer.MEASURE)
    assert len(scene.shapes) == 9
    assert all(0 <= x <= scene.width and 0 <= y <= scene.height
               for shape in scene.shapes for x, y in shape.points)  # fmt: skip
    assert scene.shapes[0].title == "batch=1, input=6, params 170, macs 704"
    texts = [text.content for text in scene.texts]
    assert {"MACs", "Parameters", "704", "4,752", "170", "330"} <= set(texts)
    assert b"9 of 9 combinations" in writer.render(scene)
    twice = scatter.chart(cnncalc.sweep(NET, {"batch": [1, 1]}), ["macs", "params"], NET,
                          writer.MEASURE)  # fmt: skip
    assert twice.shapes[0].title.endswith(" and 1 other")


@pytest.mark.parametrize(
    ("options", "names", "says"),
    [
        ({}, ["macs"], "needs two quantities"),
        ({"where": "macs < 1"}, ["macs", "params"], "no combination to draw"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, names, says):
    with pytest.raises(UsageError, match=says):
        scatter.text(found(**options), names, 60)


def test_a_heat_map_on_a_terminal_by_hand():
    # 44·b·(N − 2)² MACs: from 704 to 4,752 in five parts of 4,049/5 = 809.8
    assert heat.text(found(), "macs", 60) == (
        "       input\n"
        "batch  6 7 8\n"
        "    1  · · ░\n"  # 704, 1,100, 1,584
        "    2  · ░ ▓\n"  # 1,408, 2,200, 3,168
        "    3  ░ ▓ █\n"  # 2,112, 3,300, 4,752
        "\n"
        "MACs: · from 704  ░ from 1,514  ▒ from 2,324  ▓ from 3,134  █ from 3,944\n"
    )


def test_a_heat_map_has_a_square_for_every_combination_that_is_known():
    writer = writer_of("svg")
    scene = heat.chart(found(where="macs < 4k"), "macs", NET, writer.MEASURE)
    squares = [shape for shape in scene.shapes if shape.title]
    assert len(squares) == 8
    assert len(scene.shapes) == 8 + heat.HEATS
    assert squares[0].title == "batch=1, input=6: 704"
    assert squares[0].tone == "heat0"
    assert squares[-1].title == "batch=3, input=7: 3,300"
    assert squares[-1].tone == "heat6"
    assert all(0 <= x <= scene.width and 0 <= y <= scene.height
               for shape in scene.shapes for x, y in shape.points)  # fmt: skip
    assert {"batch", "input", "from 704"} <= {text.content for text in scene.texts}
    assert b"heat6" in writer.render(scene)
    assert "  1  ·" in heat.text(found(where="macs < 1k"), "macs", 60)


def test_a_heat_map_of_words_keeps_their_order():
    over = {"dtype": ["int8", "float32"], "batch": [2, 1]}
    lines = heat.text(cnncalc.sweep(NET, over), "params", 60).splitlines()
    assert [line.split()[:1] for line in lines[1:4]] == [["dtype"], ["int8"], ["float32"]]
    assert lines[1].split() == ["dtype", "1", "2"]


@pytest.mark.parametrize(
    ("over", "options", "name", "says"),
    [
        ({"batch": [1, 2]}, {}, "macs", "needs exactly two --over options"),
        ({"batch": [1], "input": [8]}, {"where": "macs < 1"}, "macs", "no combination to draw"),
        ({"batch": [1], "input": [8]}, {}, "mac", "did you mean 'macs'"),
        ({"batch": [1], "input": [*range(6, 40)]}, {}, "macs", "34 values of input are wider"),
    ],
)
def test_a_heat_map_that_cannot_be_drawn_is_refused(over, options, name, says):
    with pytest.raises(UsageError, match=says):
        heat.text(cnncalc.sweep(NET, over, **options), name, 60)


def test_a_heat_map_of_very_many_cells_is_refused():
    many = cnncalc.sweep(NET, {"batch": [1], "input": [*range(6, 300)]})
    with pytest.raises(UsageError, match="a heat map of 294×1 cells is too large; use larger"):
        heat.chart(many, "macs", NET, writer_of("svg").MEASURE)


def test_the_command_writes_parquet(tmp_path):
    path = tmp_path / "sweep.parquet"
    words = [*WORDS, "--over", "dtype=float32,int8", "-o", str(path)]
    if find_spec("pyarrow") is None:
        with pytest.raises(UsageError, match="needs pyarrow"):
            CliRunner().invoke(cli.app, words, catch_exceptions=False)
        return
    from pyarrow import parquet

    assert CliRunner().invoke(cli.app, words).exit_code == 0
    rows = parquet.read_table(path).to_pylist()
    over = {"batch": [1, 2, 3], "input": "6:8", "dtype": ["float32", "int8"]}
    assert rows == cnncalc.sweep(NET, over).to_dict()
    huge = ["sweep", NET, "--over", "batch=10000000000000000000", "-o", str(path)]
    with pytest.raises(UsageError, match="do not fit into a column"):
        CliRunner().invoke(cli.app, huge, catch_exceptions=False)


def test_the_command_draws(tmp_path):
    text = CliRunner().invoke(cli.app, [*WORDS, "--plot"], terminal_width=60).stdout
    assert "└" in text
    assert "9 of 9 combinations" in text
    path = tmp_path / "sweep.svg"
    done = CliRunner().invoke(cli.app, [*WORDS, "--pareto", "-macs,params", "-o", str(path)])
    assert done.exit_code == 0
    assert re.search("MACs and Parameters", path.read_text(encoding="utf-8"))


def test_the_command_draws_nothing_if_no_combination_is_shown(tmp_path):
    none = [*WORDS, "--where", "macs < 1", "--heat", "macs"]
    done = CliRunner().invoke(cli.app, [*none, "--plot"])
    assert done.exit_code == 1
    assert done.stdout.endswith("0 of 9 combinations shown\n")
    path = tmp_path / "sweep.svg"
    done = CliRunner().invoke(cli.app, [*none, "-o", str(path)])
    assert done.exit_code == 1
    assert done.stderr == f"did not write {path}, because no combination is shown\n"
    assert not path.exists()


def test_a_quantity_that_is_not_known_is_not_drawn():
    opaque = {"opaque": {"shape": "4x8x8", "what": "a strange one"}}
    swept = cnncalc.sweep({"input": "3x8x8", "layers": [opaque]}, {"batch": [1, 2]})
    says = "nothing to draw: no combination has known values of macs and params"
    with pytest.raises(UsageError, match=says):
        scatter.text(swept, ["macs", "params"], 60)


def test_the_command_draws_a_heat_map(tmp_path):
    text = CliRunner().invoke(cli.app, [*WORDS, "--heat", "peak"], terminal_width=60).stdout
    assert "Inference peak: · from" in text
    assert "9 of 9 combinations" in text
    path = tmp_path / "sweep.svg"
    assert CliRunner().invoke(cli.app, [*WORDS, "--heat", "macs", "-o", str(path)]).exit_code == 0
    assert "batch=3, input=8: 4,752" in path.read_text(encoding="utf-8")
