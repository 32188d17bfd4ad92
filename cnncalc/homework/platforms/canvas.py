"""A QTI 1.2 package for Canvas: import it under Settings > Import Course Content.

Canvas gives no partial credit, and treats every number or text that a question lists as a right
answer. Therefore, only multiple-choice questions show feedback on known mistakes.
"""

from hashlib import sha256
from html import escape
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cnncalc.homework.platforms._archive import zipped
from cnncalc.homework.platforms._items import Item, Option, Style, items
from cnncalc.homework.quiz import Quiz

EXTENSION = ".qti.zip"
TYPES = {
    Style.NUMBER: "numerical_question",
    Style.TEXT: "short_answer_question",
    Style.CHOICE: "multiple_choice_question",
}
QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
META = "http://canvas.instructure.com/xsd/cccv1p0"
MANIFEST = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
ATTACHED = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
ANSWER = "response1"


def write(quiz: Quiz) -> bytes:
    """A manifest, the settings of the quiz, and its questions."""
    posed = items(quiz)
    ident = "q" + sha256(repr((quiz.title, posed)).encode()).hexdigest()[:31]
    return zipped(
        {
            "imsmanifest.xml": _manifest(ident),
            f"{ident}/{ident}.xml": _assessment(ident, quiz.title, posed),
            f"{ident}/assessment_meta.xml": _settings(ident, quiz.title, len(posed)),
        }
    )


def _manifest(ident: str) -> str:
    root = Element("manifest", identifier=f"{ident}_manifest", xmlns=MANIFEST)
    metadata = SubElement(root, "metadata")
    SubElement(metadata, "schema").text = "IMS Content"
    SubElement(metadata, "schemaversion").text = "1.1.3"
    SubElement(root, "organizations")
    resources = SubElement(root, "resources")
    questions = SubElement(resources, "resource", identifier=ident, type="imsqti_xmlv1p2")
    SubElement(questions, "file", href=f"{ident}/{ident}.xml")
    SubElement(questions, "dependency", identifierref=f"{ident}_meta")
    settings = {"identifier": f"{ident}_meta", "href": f"{ident}/assessment_meta.xml"}
    attached = SubElement(resources, "resource", {**settings, "type": ATTACHED})
    SubElement(attached, "file", href=settings["href"])
    return _document(root)


def _settings(ident: str, title: str, points: int) -> str:
    root = Element("quiz", identifier=ident, xmlns=META)
    settings = {
        "title": title,
        "quiz_type": "assignment",
        "points_possible": f"{points}.0",
        "allowed_attempts": "1",
        "shuffle_answers": "true",
        "scoring_policy": "keep_highest",
    }
    for name, value in settings.items():
        SubElement(root, name).text = value
    return _document(root)


def _assessment(ident: str, title: str, posed: tuple[Item, ...]) -> str:
    root = Element("questestinterop", xmlns=QTI)
    section = SubElement(
        SubElement(root, "assessment", ident=ident, title=title),
        "section",
        ident="root_section",
    )
    for number, item in enumerate(posed, start=1):
        _item(SubElement(section, "item", ident=f"{ident}_{number}", title=item.name), item)
    return _document(root)


def _item(parent: Element, item: Item) -> None:
    metadata = SubElement(SubElement(parent, "itemmetadata"), "qtimetadata")
    for label, entry in (("question_type", TYPES[item.style]), ("points_possible", "1")):
        field = SubElement(metadata, "qtimetadatafield")
        SubElement(field, "fieldlabel").text = label
        SubElement(field, "fieldentry").text = entry
    _presentation(SubElement(parent, "presentation"), item)
    _processing(SubElement(parent, "resprocessing"), item)
    _feedback(parent, "general_fb", item.solved)
    for number, option in enumerate(_listed(item)):
        if option.feedback:
            _feedback(parent, f"{number}_fb", f"<p>{escape(option.feedback)}</p>")


def _listed(item: Item) -> tuple[Option, ...]:
    """The answers to list: all choices, but only the right number or text."""
    return item.options if item.style is Style.CHOICE else (item.right,)


def _presentation(parent: Element, item: Item) -> None:
    """The question, and the place of its answer."""
    _material(parent, f"<p>{escape(item.text)}</p>")
    if item.style is Style.CHOICE:
        response = SubElement(parent, "response_lid", ident=ANSWER, rcardinality="Single")
        render = SubElement(response, "render_choice")
        for number, option in enumerate(item.options):
            label = SubElement(render, "response_label", ident=f"choice{number}")
            _material(label, escape(option.text))
        return
    response = SubElement(parent, "response_str", ident=ANSWER, rcardinality="Single")
    form = {"fibtype": "Decimal"} if item.style is Style.NUMBER else {}
    SubElement(SubElement(response, "render_fib", form), "response_label", ident="answer1")


def _processing(parent: Element, item: Item) -> None:
    """The points that each answer earns, and the feedback that it shows."""
    outcomes = SubElement(parent, "outcomes")
    score = {"maxvalue": "100", "minvalue": "0", "varname": "SCORE", "vartype": "Decimal"}
    SubElement(outcomes, "decvar", score)
    _condition(parent, "general_fb", "Yes").append(Element("other"))
    for number, option in enumerate(_listed(item)):
        shown = f"{number}_fb" if option.feedback else ""
        right = option.credit == 1
        variable = _condition(parent, shown, "No" if right else "Yes", right)
        if item.style is Style.NUMBER:
            _exactly(variable, option.text)
            continue
        for answer in _answers(item.style, number, option):
            SubElement(variable, "varequal", respident=ANSWER).text = answer


def _exactly(variable: Element, number: str) -> None:
    """Test for an exact number, as Canvas does: that number, or a range from it to itself."""
    either = SubElement(variable, "or")
    SubElement(either, "varequal", respident=ANSWER).text = number
    between = SubElement(either, "and")
    for bound in ("vargte", "varlte"):
        SubElement(between, bound, respident=ANSWER).text = number


def _condition(parent: Element, feedback: str, go_on: str, right: bool = False) -> Element:
    """A condition that shows this feedback and, if ``right``, gives the points; returns the empty
    element for what it tests."""
    condition = SubElement(parent, "respcondition", {"continue": go_on})
    variable = SubElement(condition, "conditionvar")
    if right:
        SubElement(condition, "setvar", action="Set", varname="SCORE").text = "100"
    if feedback:
        shown = {"feedbacktype": "Response", "linkrefid": feedback}
        SubElement(condition, "displayfeedback", shown)
    return variable


def _answers(style: Style, number: int, option: Option) -> tuple[str, ...]:
    return (f"choice{number}",) if style is Style.CHOICE else option.spellings


def _feedback(parent: Element, ident: str, html: str) -> None:
    feedback = SubElement(parent, "itemfeedback", ident=ident)
    _material(SubElement(feedback, "flow_mat"), html)


def _material(parent: Element, html: str) -> None:
    material = SubElement(parent, "material")
    SubElement(material, "mattext", texttype="text/html").text = html


def _document(root: Element) -> str:
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"
