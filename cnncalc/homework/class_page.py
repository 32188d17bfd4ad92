"""The statistics of a class as an HTML page: its scores, questions, mistakes and students."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape

from cnncalc.homework import feedback, mistakes, statistics
from cnncalc.homework.gradebook import Graded
from cnncalc.homework.grading import Grades
from cnncalc.homework.marking import Outcome
from cnncalc.homework.statistics import QuestionStatistics, Scores
from cnncalc.render.page import page

WIDTH, HEIGHT, GAP, LABEL = 800, 200, 8, 24
"""The histogram in pixels: its size, the gaps between bars, and the space for a line of text."""
STYLE = """\
.number { text-align: right; }
.bars { display: block; width: 100%; font-size: 13px; }
.bars rect { fill: #4a7ab5; }
.bars text { fill: currentcolor; text-anchor: middle; }"""
LOW = 0.2
"""A question with a lower discrimination hardly separates strong from weak students."""
QUESTIONS = {
    "Question": False, "Right": True, "Of": True, "Discrimination": True, "Mistakes": False,
}  # fmt: skip
MISTAKES = {"Mistake": False, "What happened": False, "Students": True, "Who": False}
"""The headings of tables; True marks a column of numbers, which is right-aligned."""


def write(grades: Grades, title: str) -> str:
    """A complete page; ``title`` is the name of the assignment."""
    number = f"{len(grades)} student{'s' * (len(grades) != 1)}"
    return page(f"{title}: {number}", _body(grades), STYLE)


def _body(grades: Grades) -> Iterator[str]:
    if grades.scores is not None:
        yield from _distribution(grades.scores)
    if grades.questions:
        yield from _table("Questions", QUESTIONS, map(_question, grades.questions))
        yield (
            '<p class="small">The discrimination of a question is the correlation, from −1 to 1, '
            "of its points with the points on all other questions. Low values are red: the "
            "question may be unclear, too easy or too hard.</p>"
        )
    if grades.mistakes:
        rows = ([title, _says(title), len(who), ", ".join(who)] for title, who in _made(grades))
        yield from _table("Mistakes", MISTAKES, rows)
    signs = dict.fromkeys(feedback.SIGNS.values(), True)
    headings = {"Student": False, "Points": True, "Of": True, **signs, "Remark": False}
    yield from _table("Students", headings, map(_student, statistics.names(grades), grades))
    legend = ", ".join(f"{sign} {outcome.value}" for outcome, sign in feedback.SIGNS.items())
    yield f'<p class="small">{legend}</p>'


def _made(grades: Grades) -> Iterable[tuple[str, tuple[str, ...]]]:
    return grades.mistakes.items()


def _says(title: str) -> str:
    """A phrase on what a student with this mistake did."""
    return mistakes.load(title.replace(" ", "_")).says


def _distribution(scores: Scores) -> Iterator[str]:
    yield "<section>\n<h2>Scores</h2>"
    yield (
        f"<p>Mean {scores.mean:.1f}%, median {scores.median:.1f}%, quartiles "
        f"{scores.lower_quartile:.1f}% and {scores.upper_quartile:.1f}%, lowest "
        f"{scores.lowest:.1f}%, highest {scores.highest:.1f}%.</p>"
    )
    yield f"{_histogram(scores.bins)}\n</section>"


def _histogram(bins: tuple[int, ...]) -> str:
    """The number of students in each tenth of the points, as bars with the numbers above them."""
    most, width, step = max(bins), WIDTH // len(bins), 100 // len(bins)
    spans = [f"{low}–{low + step}%" for low in range(0, 100, step)]
    parts = []
    for place, (span, count) in enumerate(zip(spans, bins, strict=True)):
        left, tall = place * width, round((HEIGHT - 2 * LABEL) * count / most)
        top, middle = HEIGHT - LABEL - tall, left + width // 2
        bar = f'<rect x="{left + GAP // 2}" y="{top}" width="{width - GAP}" height="{tall}"/>'
        number = f'<text x="{middle}" y="{top - GAP}">{count}</text>'
        parts += [bar, number] if count else []
        parts.append(f'<text x="{middle}" y="{HEIGHT - GAP}">{span}</text>')
    listed = ", ".join(f"{span}: {count}" for span, count in zip(spans, bins, strict=True))
    return (
        f'<svg class="bars" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>Students by points: {listed}</title>{''.join(parts)}</svg>"
    )


Cells = list[object]
"""The cells of a row; a tuple is the text with its CSS class."""


def _table(title: str, headings: Mapping[str, bool], rows: Iterable[Cells]) -> Iterator[str]:
    right = [*headings.values()]
    yield f"<h2>{title}</h2>\n<table>\n<thead>{_row('th', [*headings], right)}</thead>\n<tbody>"
    yield from (_row("td", cells, right) for cells in rows)
    yield "</tbody>\n</table>"


def _row(tag: str, cells: Cells, right: list[bool]) -> str:
    parts = []
    for cell, is_number in zip(cells, right, strict=True):
        text, colour = cell if isinstance(cell, tuple) else (cell, "")
        classes = " ".join(filter(None, ("number" * is_number, colour)))
        attribute = f' class="{classes}"' if classes else ""
        parts.append(f"<{tag}{attribute}>{escape(str(text))}</{tag}>")
    return f"<tr>{''.join(parts)}</tr>"


def _question(one: QuestionStatistics) -> Cells:
    ordered = sorted(one.mistakes.items(), key=lambda item: -item[1])
    made = ", ".join(f"{title} {count}×" for title, count in ordered)
    right, apart = one.outcomes.get(Outcome.RIGHT.value, 0), one.discrimination
    shown = "" if apart is None else f"{apart:.2f}".replace("-", "−")
    low = "bad" if apart is not None and apart < LOW else ""
    return [one.label, right, sum(one.outcomes.values()), (shown, low), made]


def _student(name: str, one: Graded) -> Cells:
    _, *cells, problem = one.to_dict().values()
    return [name, *cells, (problem, "bad") if problem else feedback.unread(one.marks)]
