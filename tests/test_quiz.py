"""Quizzes: geometry as requested, the same for the same seed, with keys that grade accepts."""

import html.parser
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict

import pytest
import yaml
from typer.testing import CliRunner

import cnncalc
from architectures import report_of
from cnncalc import cli, layers
from cnncalc.core.errors import UsageError
from cnncalc.homework import quiz_formats, sheet
from cnncalc.homework.marking import Marker, Outcome
from cnncalc.homework.phrases import described, phrase
from cnncalc.homework.quiz import CHOICES, Order, Quiz, order, pose
from cnncalc.homework.topics import LEVELS, TOPICS
from cnncalc.spec import catalog, text

RUNNER = CliRunner()


def run(*words, input=None):
    return RUNNER.invoke(cli.app, list(words), prog_name="cnncalc", input=input)


def marked(written, key=None):
    read = sheet.read(text.read(written, "answers.yaml"), key=key)
    return [mark.outcome for mark in Marker().sheet(read).marks]


@pytest.fixture(scope="module", params=LEVELS)
def quiz(request):
    return pose(Order(tuple(TOPICS), request.param, "any", 40, 11, choices=True), "Ada")


def test_the_same_seed_gives_the_same_quizzes_and_students_get_different_ones():
    order = Order(questions=20, seed=7)
    assert pose(order, "Ada").sheet(True) == pose(order, "Ada").sheet(True)
    assert pose(order, "Ada").sheet(True) != pose(order, "Bob").sheet(True).replace("Bob", "Ada")
    assert pose(order).sheet(True) != pose(order._replace(seed=8)).sheet(True)


def test_a_quiz_is_one_call():
    asked = cnncalc.quiz("Shape, params", level="HARD", questions=4, seed=3, student="Ada")
    same = pose(Order(("shape", "params"), "hard", None, 4, 3), "Ada")
    assert asked.sheet(answers=True) == same.sheet(answers=True)
    assert [one.topic.ask for one in asked.posed] == ["shape", "parameters"] * 2
    with pytest.raises(UsageError, match="did you mean 'shape'"):
        cnncalc.quiz(["shap"])


def window(given):
    """N, F, S, P and D of a question, read only from its given fields."""
    if "N" in given:
        return [given.get(name, usual) for name, usual in zip("NFSPD", (0, 0, 1, 0, 1))]
    (kind,) = set(given) - {"input"}
    fields = given[kind]
    usual = fields["kernel_size"] if kind == "max_pool" else 1
    return [
        int(given["input"].split("x")[-1]),
        fields["kernel_size"],
        fields.get("stride", usual),
        fields.get("padding", 0),
        fields.get("dilation", 1),
    ]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("geometry", "fits"), [("clean", {True}), ("illegal", {False})])
def test_the_geometry_is_as_requested(level, geometry, fits):
    order = Order(("shape", "macs", "stride"), level, geometry, 150, seed=1)
    found = set()
    for one in pose(order).posed:
        N, F, S, P, D = window(one.given)
        found.add((N + 2 * P - D * (F - 1) - 1) % S == 0)
    assert found == fits


def test_any_geometry_is_both():
    posed = pose(Order(("stride",), geometry="any", questions=40)).posed
    assert {one.answer for one in posed} == {"yes", "no"}


def test_strides_may_be_illegal_unless_one_kind_is_requested():
    # If all windows fit, the answer to every question about a stride would be "yes".
    posed = pose(Order(("shape", "stride"), questions=40)).posed
    assert {one.answer for one in posed if one.topic is TOPICS["stride"]} == {"yes", "no"}
    for one in posed[::2]:
        N, F, S, P, D = window(one.given)
        assert (N + 2 * P - D * (F - 1) - 1) % S == 0
    clean = pose(Order(("stride",), geometry="clean", questions=40)).posed
    assert {one.answer for one in clean} == {"yes"}


def test_every_topic_is_asked_in_turn(quiz):
    assert [one.topic for one in quiz.posed[: len(TOPICS)]] == list(TOPICS.values())
    assert [one.number for one in quiz.posed] == list(range(1, 41))


def test_the_key_is_right_and_the_sheet_to_fill_in_is_empty(quiz):
    assert set(marked(quiz.sheet(answers=True))) == {Outcome.RIGHT}
    key = sheet.read(text.read(quiz.sheet(answers=True), "key.yaml"))
    assert set(marked(quiz.sheet(answers=False), key)) == {Outcome.UNANSWERED}
    filled = yaml.safe_load(quiz.sheet(answers=False))
    for one, posed in zip(filled["questions"], quiz.posed, strict=True):
        one["answer"] = posed.answer
    assert set(marked(yaml.safe_dump(filled), key)) == {Outcome.RIGHT}


def test_choices_have_the_answer_once_among_wrong_ones(quiz):
    chosen = [one for one in quiz.posed if one.choices]
    assert len(chosen) > len(quiz.posed) / 2
    for one in chosen:
        assert 2 <= len(one.choices) <= CHOICES
        right = [one.question.agrees(one.question.read(text)) is not None for text in one.choices]
        assert right.count(True) == 1
        assert one.choices[right.index(True)] == one.answer
        assert one.lettered[0] == f"a) {one.choices[0]}"
        assert list(one.choices) == one.key()["choices"]


def test_a_letter_stands_for_its_choice(quiz):
    key = sheet.read(text.read(quiz.sheet(answers=True), "key.yaml"))
    chosen = [one for one in quiz.posed if one.choices]

    def answered(letter_of):
        given = [{"name": str(one.number), "answer": letter_of(one)} for one in chosen]
        return marked(yaml.safe_dump({"questions": given}), key)

    right = answered(lambda one: "abcd"[one.choices.index(one.answer)])
    wrong = answered(lambda one: "(B)" if one.choices[0] == one.answer else "A.")
    assert right.count(Outcome.RIGHT) == wrong.count(Outcome.WRONG) == len(chosen)


def test_choices_that_are_not_a_list_make_only_their_question_unreadable():
    asked = "{given: {linear: 10, input: 784}, ask: params, answer: 7850, choices: 3}"
    assert marked(f"questions: [{asked}]") == [Outcome.UNREADABLE]


def test_yes_no_questions_have_no_choices():
    (one,) = pose(Order(("stride",), questions=1, choices=True)).posed
    assert one.choices == ()


@pytest.mark.parametrize("name", quiz_formats.names())
@pytest.mark.parametrize("solved", [True, False])
def test_every_format_has_every_question_and_answers_only_in_the_key(name, solved):
    quiz = pose(Order(("params", "shape"), questions=6, seed=2), "Ada & Eve")
    written = quiz_formats.load(name).write(quiz, solved)
    plain = re.sub(r"<[^>]*>|\\[a-z]+\*?|[{}$\\]", "", written).replace("&#x27;", "'")
    for one in quiz.posed:
        shape = one.text.split()[3]
        assert shape in plain.replace("times", "×") or shape.replace("×", "") in plain
        # The number of parameters must not appear in the question.
        if one.topic is TOPICS["params"]:
            assert (f"{one.question.value:,}" in plain) is solved
    assert written.endswith("\n")


@pytest.mark.parametrize("name", quiz_formats.names())
def test_the_key_says_why_a_stride_is_illegal(name):
    quiz = pose(Order(("stride",), geometry="illegal", questions=1, seed=7))
    N, F, S, P, _ = window(quiz.posed[0].given)
    written = quiz_formats.load(name).write(quiz, solved=True)
    assert f": illegal because {S} does not divide {N - F + 2 * P}: " in written
    assert "\n\n\n" not in written
    assert "illegal" not in quiz_formats.load(name).write(quiz, solved=False)


def test_html_is_well_formed():
    class Tags(html.parser.HTMLParser):
        open: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag, attrs):
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    quiz = pose(Order(tuple(TOPICS), questions=16, choices=True), "<b>&")
    parser = Tags()
    parser.feed(quiz_formats.load("html").write(quiz, True))
    assert parser.open == []


@pytest.mark.parametrize(
    ("form", "bold"),
    [("latex", r"\textbf{{{}}}: "), ("markdown", "**{}**: "), ("html", "{}</b>: ")],
)
def test_the_reason_follows_the_answer_without_a_gap(form, bold):
    quiz = pose(Order(("stride",), questions=4))
    text = quiz_formats.load(form).write(quiz, True)
    assert any(bold.format(answer) in text for answer in ("yes", "no"))


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
def test_latex_compiles(tmp_path):
    quiz = pose(Order(tuple(TOPICS), "hard", "any", 16, choices=True), "50% & more_")
    (tmp_path / "quiz.tex").write_text(
        quiz_formats.load("latex").write(quiz, True), encoding="utf-8"
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "quiz.tex"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Order(topics=()), "at least one topic is needed"),
        (Order(topics=("shap",)), "no topic 'shap'; did you mean 'shape'?"),
        (Order(level="middling"), "no level 'middling'"),
        (Order(geometry="ilegal"), "did you mean 'illegal'?"),
        (Order(questions=0), "'questions' must be from 1 to 1,000, not 0"),
        (Order(questions=10**9), "not 1,000,000,000"),
        (order("shape", questions="3"), "'questions' must be a whole number, not '3'"),
        (order("shape", level=3), "no level '3'"),
        (order("shape", geometry=3), "no geometry '3'"),
    ],
)
def test_an_impossible_order_is_refused(wanted, says):
    with pytest.raises(UsageError, match=re.escape(says)):
        pose(wanted)


# Words, and the user's own networks.


def test_a_question_is_put_in_words():
    layer = {"conv": {"filters": 16, "kernel": [3, 5], "stride": 2, "groups": 2, "bias": False}}
    for spec, words in (
        ({"input": "8x9x9", "layers": [layer]}, "An 8×9×9 map enters a convolution with 16 filters "
         "of 3×5, stride 2, without biases, 2 groups."),
        ({"input": "1x9x9", "layers": [{"max_pool": 3}]},
         "A 1×9×9 image enters max pooling with a window of 3×3, stride 3."),
        ({"input": "18x9", "layers": ["batch_norm"]}, "An 18×9 map enters batch normalization."),
        ({"input": 84, "layers": [{"linear": 10}]},
         "A vector of 84 numbers enters a fully connected layer with 10 units."),
        ({"input": 9, "layers": ["gelu"]}, "A vector of 9 numbers enters a Gaussian error linear "
         "unit."),
        ({"input": "6x4", "layers": [{"attention": 2}]},
         "A 6×4 map enters multi-head attention, 2 heads."),
        ({"input": "6x4", "layers": [{"attention": 1}]},
         "A 6×4 map enters multi-head attention, 1 head."),
        ({"input": "6x4", "layers": [{"lstm": {"hidden_size": 2, "bidirectional": True}}]},
         "A 6×4 map enters a long short-term memory layer, hidden size 2, bidirectional."),
        ({"input": "6x4x4", "layers": [{"dropout2d": 0.2}]},
         "A 6×4×4 map enters a channel dropout layer, p 0.2."),
        ({"input": "6x4x4", "layers": [{"max_pool": {"kernel": 3, "padding": {"top": 1}}}]},
         "A 6×4×4 map enters max pooling with a window of 3×3, stride 3, padding 1 at the top."),
        ({"input": "6x4x4", "layers": [{"pad": {"padding": [[1, 2], [0, 3]]}}]},
         "A 6×4×4 map enters padding, padding 3 at the right, 1 at the top and 2 at the bottom."),
        ({"input": "6x4x4", "layers": ["subsampling"]}, "A 6×4×4 map enters LeNet-5's trainable "
         "subsampling with a window of 2×2, stride 2."),
        ({"input": "6x4", "layers": ["class_token"]}, "A 6×4 map enters a class token layer."),
    ):  # fmt: skip
        first, row = cnncalc.summarize(spec).rows
        assert f"{described(first.output)} enters {phrase(row)}." == words


def test_a_flatten_that_a_layer_implies_is_not_named():
    posed = pose(Order(("params",), "hard", questions=30, seed=3)).posed
    texts = [one.text for one in posed if " map enters a fully connected layer" in one.text]
    assert texts
    assert not any("flatten" in one.text for one in posed)


def answers_by_question(rows):
    """All shapes and counts that layers with the same words on the same input have."""
    answers = defaultdict(set)
    for row in rows:
        if len(row.inputs) == 1 and not row.implied:
            params = row.params or row.shared.params
            answer = (tuple(row.output), params, row.macs, row.operations)
            answers[f"{described(row.inputs[0])} enters {phrase(row)}."].add(answer)
    return answers


def test_the_words_about_a_layer_of_any_built_in_have_one_answer():
    rows = (row for name in catalog.names() for row in report_of(name))
    answers = answers_by_question(rows)
    assert {words: found for words, found in answers.items() if len(found) > 1} == {}
    words = "A 512×7×7 map enters adaptive average pooling, output size 1."
    assert {shape for shape, *_ in answers[words]} == {(512, 1, 1)}


@pytest.mark.parametrize("kind", layers.names())
def test_the_words_about_a_layer_state_every_field(kind):
    for example in layers.load(kind).examples:
        if len(example.inputs) == 1:
            spec = {"input": example.inputs[0], "layers": [{kind: example.given}]}
            row = cnncalc.summarize(spec, layout="chw").rows[-1]
            words = phrase(row)
            given = {name: one for name, one in row.layer.given.items() if name != "bias"}
            stated = [one for name, value in given.items() for one in facts(name, value)]
            assert [one for one in stated if one not in words] == []
            assert not re.search(r"\b(a [aeiou]|an [^aeiou]|1 \w+s)\b", words)


def facts(name, value):
    """What a phrase must contain about a field: its name if it is on, or the numbers and words of
    its value, except for sides without padding."""
    if value is True:
        return [name.replace("_", " ")]
    without = name == "padding" and isinstance(value, tuple)
    return [one for one in leaves(value) if not (without and one == "0")]


def leaves(value):
    """The numbers and words inside a value."""
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in leaves(one)]
    if isinstance(value, tuple):
        return [text for one in value for text in leaves(one)]
    return [str(value).lower() if isinstance(value, bool) else str(value).replace("None", "null")]


def test_only_a_map_is_asked_about_its_channels_rows_and_columns():
    posed = [
        one
        for network in ("1x9-5C3-10C3", "4x4-10N-5N", "3x9x9-4C3-5C3")
        for one in cnncalc.quiz("shape", questions=30, network=network).posed
    ]
    axes = {len(one.question.value) for one in posed if "rows and columns" in one.words}
    assert axes == {3}
    assert {len(one.question.value) for one in posed if "the shape of" in one.words} == {1, 2, 3}


def test_questions_about_a_network_are_about_its_layers():
    posed = cnncalc.quiz("params,macs,rf", questions=12, seed=1, network="lenet5").posed
    # LeNet-5's layers with weights, by hand: 25·6 + 6, 25·6·16 + 16, 25·16·120 + 120, …
    params = {156, 2416, 48120, 10164, 850}
    assert {one.question.value for one in posed if one.topic.ask == "parameters"} <= params
    assert {one.topic.ask for one in posed} == {"parameters", "macs"}
    graded = cnncalc.grade(yaml.safe_load(Quiz("", posed).sheet(answers=True)))
    assert graded[0].score == 12


def test_a_network_may_have_nothing_to_ask_about():
    with pytest.raises(UsageError, match=r"^the network has no layer for the topic 'macs'"):
        cnncalc.quiz("macs", network={"input": 5, "layers": ["relu"]})
    with pytest.raises(UsageError, match="has no layer for the topic 'stride'"):
        cnncalc.quiz("stride", network={"input": 5, "layers": ["relu"]})
    with pytest.raises(
        UsageError, match=r"^the topic 'rf' is about several layers; choose another"
    ):
        cnncalc.quiz("rf", network="lenet5")


def test_nothing_is_asked_about_an_opaque_layer():
    opaque = {"opaque": {"shape": "5x4x4", "params": 3, "what": "a guess"}}
    network = {"input": "3x8x8", "layers": [opaque, {"linear": 9}]}
    for one in cnncalc.quiz("memory", questions=20, network=network).posed:
        assert "fully connected layer with 9 units" in one.text


def test_the_command_asks_about_a_network():
    refused = run("quiz", "--input", "1x28x28").exception
    assert str(refused) == "--input needs a network, as in cnncalc quiz lenet5"
    for option, value in (("--level", "hard"), ("--geometry", "illegal")):
        refused = run("quiz", "lenet5", option, value).exception
        assert str(refused).startswith(f"{option} has no effect on the layers of a network")
    text = run("quiz", "lenet5", "--topics", "shape", "-n", "1", "--seed", "7").stdout
    assert "map enters" in text or "image enters" in text


def test_an_unknown_form_gets_the_nearest_name():
    with pytest.raises(UsageError, match="did you mean 'markdown'"):
        quiz_formats.load("markdwn")


# The commands.


def test_a_sheet_and_its_key_on_the_terminal():
    shown = run("quiz", "--seed", "3", "-n", "5").stdout
    assert shown.startswith("# Quiz\n\n1. ")
    key = run("quiz", "--seed", "3", "-n", "5", "--key").stdout
    assert set(marked(key)) == {Outcome.RIGHT}
    assert "=" in run("quiz", "--seed", "3", "--solutions").stdout


def test_a_random_seed_is_printed():
    result = run("quiz", "-n", "1")
    seed = re.search(r"--seed (\d+)", result.stderr)[1]
    assert run("quiz", "-n", "1", "--seed", seed).stdout == result.stdout


def test_a_class_gets_one_folder(tmp_path):
    names = tmp_path / "class.txt"
    names.write_text("Ada Lovelace\n\nÉmile\n", encoding="utf-8")
    folder = tmp_path / "week3"
    result = run(
        "quiz", "--seed", "1", "--per-student", str(names), "-o", str(folder), "-f", "html"
    )
    assert result.exit_code == 0
    assert "2 quizzes" in result.stderr
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))
    assert files == [
        "answers/Ada_Lovelace.yaml",
        "answers/Émile.yaml",
        "keys/Ada_Lovelace.yaml",
        "keys/Émile.yaml",
        "questions/Ada_Lovelace.html",
        "questions/Émile.html",
    ]
    key = (folder / "keys/Ada_Lovelace.yaml").read_text(encoding="utf-8")
    assert "student: Ada Lovelace" in key
    assert set(marked(key)) == {Outcome.RIGHT}


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path):
    names = tmp_path / "class.txt"
    names.write_text("Ada\n", encoding="utf-8-sig")
    run("quiz", "--seed", "1", "--per-student", str(names), "-o", str(tmp_path / "w"))
    key = (tmp_path / "w/keys/Ada.yaml").read_text(encoding="utf-8")
    assert key.startswith("student: Ada\n")


def test_the_same_seed_gives_the_same_in_another_process():
    words = ["quiz", "--level", "hard", "--choices", "-n", "16", "--seed", "5"]
    here = run(*words).stdout
    for hash_seed in ("0", "1"):
        there = subprocess.run(
            [sys.executable, "-m", "cnncalc", *words],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"},
            check=True,
            capture_output=True,
            encoding="utf-8",
        )
        assert there.stdout == here


HOSTILE = ("../../x", "/etc/x", "a/../../b", "..", "C:\\x", "x\ty", "é" * 300, "a" * 300)


def test_no_name_leaves_the_folder(tmp_path):
    names = tmp_path / "class.txt"
    names.write_text("\n".join(HOSTILE), encoding="utf-8")
    folder = tmp_path / "deep" / "er" / "week3"
    assert run("quiz", "-n", "1", "--per-student", str(names), "-o", str(folder)).exit_code == 0
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path != names]
    assert len(written) == 3 * len(HOSTILE)
    assert {path.parent.parent for path in written} == {folder}


def test_a_class_list_needs_no_utf8_locale(tmp_path):
    names = tmp_path / "class.txt"
    names.write_text("Émile\n李\n", encoding="utf-8")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    words = ["quiz", "-n", "1", "--seed", "1", "--per-student", str(names), "-o", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "cnncalc", *words],
        env={**os.environ, **plain},
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    keys = [path.read_text(encoding="utf-8") for path in (tmp_path / "keys").iterdir()]
    assert {key.splitlines()[0] for key in keys} == {"student: Émile", "student: 李"}


@pytest.mark.parametrize("name", ["# [x](http://x) <b>*a*`", "</title><script>", "\\input{x}$%&_#"])
@pytest.mark.parametrize("form", quiz_formats.names())
def test_a_name_is_escaped_in_every_format(form, name):
    written = quiz_formats.load(form).write(pose(Order(questions=1), name), solved=False)
    assert f"Quiz for {name}" not in written


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_an_endless_class_list_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for endless in (tmp_path / "pipe", "/dev/zero", tmp_path):
        refused = run("quiz", "--per-student", str(endless), "-o", str(tmp_path / "x"))
        assert "is not an ordinary file" in str(refused.exception)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("sheet", ["answers", "keys", "questions"])
def test_a_quiz_is_written_only_to_ordinary_files(tmp_path, sheet):
    (tmp_path / sheet).mkdir()
    os.mkfifo(tmp_path / sheet / ("quiz.md" if sheet == "questions" else "quiz.yaml"))
    refused = run("quiz", "-o", str(tmp_path))
    assert "is not an ordinary file; choose another folder" in str(refused.exception)


def test_no_key_and_no_filled_sheet_is_replaced(tmp_path):
    words = ["quiz", "-n", "2", "-o", str(tmp_path)]
    assert run(*words, "--seed", "1").exit_code == 0
    assert run(*words, "--seed", "1", "--export", "moodle").exit_code == 0
    key, sheet = tmp_path / "keys/quiz.yaml", tmp_path / "answers/quiz.yaml"
    before = key.read_text(encoding="utf-8")
    says = "exists and would be replaced by a different sheet; choose another folder, or delete"
    assert str(run(*words, "--seed", "2").exception).startswith(f"{str(key)!r} {says}")
    assert key.read_text(encoding="utf-8") == before
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("answer:", "answer: 5"), "utf-8")
    assert str(run(*words, "--seed", "1").exception).startswith(f"{str(sheet)!r} {says}")
    assert "answer: 5" in sheet.read_text(encoding="utf-8")


def test_one_quiz_gets_a_folder_too(tmp_path):
    assert "a quiz" in run("quiz", "--seed", "1", "-o", str(tmp_path)).stderr
    assert (tmp_path / "questions/quiz.md").is_file()


@pytest.mark.parametrize("folder", ["\r", "a\x1b[2J", "b\nc\x9b"])
def test_a_folder_s_name_cannot_control_the_terminal(tmp_path, folder):
    shown = run("quiz", "-n", "1", "--seed", "1", "-o", str(tmp_path / folder)).stderr
    assert all(line.isprintable() for line in shown.split("\n"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--per-student", "NAMES"], "add a folder for them"),
        (["--per-student", "missing.txt", "-o", "x"], "'missing.txt'"),
        (["--per-student", "EMPTY", "-o", "x"], "has 0 names"),
        (["--per-student", "AGAIN", "-o", "x"], "lists Ada more than once; give each student"),
        (["--key", "-o", "week3"], "--key has no effect with -o, which always writes the key"),
        (["--key", "--solutions"], "--solutions has no effect with --key; leave one out"),
        (["--key", "-f", "html"], "--format has no effect with --key; leave one out"),
        (["--per-student", "TWICE", "-o", "x"], "give the same file name: Ada_B; make them"),
        (["-f", "pdf"], "no format 'pdf'"),
        (["--topics", ","], "at least one topic is needed"),
        (["-o", "NAMES"], "cannot write"),
    ],
)
def test_an_unwritable_quiz_is_reported(tmp_path, words, says):
    files = {"NAMES": "Ada\n", "EMPTY": "\n", "TWICE": "Ada B\nAda_B\n", "AGAIN": "Ada\nAda\n"}
    for name, names in files.items():
        (tmp_path / name).write_text(names, encoding="utf-8")
    words = [str(tmp_path / word) if word.isupper() else word for word in words]
    result = run("quiz", "--seed", "1", *words)
    assert isinstance(result.exception, UsageError)
    assert says in str(result.exception)


def test_practice_explains_and_keeps_the_score():
    quiz = pose(Order(("params",), geometry="any", questions=3, seed=5))
    first, second, third = quiz.posed
    wrong = first.question.row.cost.weights
    result = run(
        "practice", "--topics", "params", "--seed", "5", "-n", "3",
        input=f"what?\n{wrong}\n{second.answer}\n\n",
    )  # fmt: skip
    assert "'what?' is not a number" in result.stdout
    assert "left out the biases" in result.stdout
    assert f"correct answer: {first.answer}" in result.stdout
    assert f"correct answer: {third.answer}" in result.stdout
    assert result.stdout.endswith("1 of 3 right\n")


def test_practice_says_once_why_a_stride_is_illegal():
    words = ["practice", "--topics", "stride", "--geometry", "illegal", "-n", "1", "--seed", "5"]
    assert run(*words, input="yes\n").stdout.count("does not divide") == 1


@pytest.mark.parametrize(("input", "says"), [("", "no questions answered"), ("1\n", "of 1 right")])
def test_practice_ends_politely(input, says):
    result = run("practice", "--seed", "5", input=input)
    assert result.exit_code == 0
    assert says in result.stdout


def test_practice_ends_where_standard_input_is_closed(monkeypatch):
    def lost(prompt):
        raise RuntimeError("input(): lost sys.stdin")

    monkeypatch.setattr("builtins.input", lost)
    assert "no questions answered" in run("practice", "--seed", "5").stdout


def test_no_seed_is_printed_for_a_quiz_that_cannot_be_made(tmp_path):
    assert "--seed" not in run("quiz", "--topics", "foo").stderr
    assert "--seed" not in run("quiz", "--per-student", "none.txt", "-o", str(tmp_path)).stderr


def test_practice_does_not_suggest_fixes_for_specs():
    said = run("practice", "-n", "1", "--topics", "params", "--seed", "5", input="foo\n").stdout
    assert "'foo' is not a number; write it like 34,944, 35K, 1.5e9, 93 MB or" in said
    assert "declare" not in said


def test_a_question_about_bytes_takes_only_bytes():
    quiz = cnncalc.quiz("memory", questions=4, seed=1)
    for one in quiz.posed:
        elements = one.question.value // 4
        for answer, outcome in ((elements, "wrong"), (one.question.value, "right")):
            sheet = {"questions": [{"name": "1", **one.key(), "answer": answer}]}
            [graded] = cnncalc.grade(sheet)
            assert graded.answers[0]["outcome"] == outcome
        del sheet["questions"][0]["unit"]  # without a unit, students may count elements
        sheet["questions"][0]["answer"] = elements
        [graded] = cnncalc.grade(sheet)
        assert graded.answers[0]["remark"] == "counted in elements"
