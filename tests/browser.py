"""The report page in a real browser: ``python -m pytest -rs -s tests/browser.py``.

It needs the extra ``browser`` and Chromium (on Debian: ``apt install chromium``), and is skipped
without them, with the reason. With ``mutool`` (``apt install mupdf-tools``), it also reads a
printed page. It takes about two minutes; ``.ci/run`` runs it. Last result, with playwright 1.65: no
request, no message and no violation that axe finds. In processor time, a search among the 428
layers of DenseNet-121 took 50 ms, and opening all of them 144 ms.
"""

import shutil
import subprocess
import sys

import pytest

import cnncalc

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
MUTOOL = shutil.which("mutool")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
NETWORK = "densenet121"  # 428 layers
ROW = "#layers ~ .tall tbody tr"

if BROWSER is None:
    pytest.skip("no Chromium is installed", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright is installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe")


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "net.html"
    path.write_text(cnncalc.to_html(NETWORK), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "both.html"
    path.write_text(cnncalc.to_html("resnet18", compare="resnet34"), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser, path):
    """A function that opens the page; afterwards nothing may have been requested or reported."""
    contexts, messages, requests, opened_pages = [], [], [], []

    def open_page(width=1400, scheme="light", script=True, path=path):
        contexts.append(
            browser.new_context(
                offline=True, color_scheme=scheme, java_script_enabled=script,
                viewport={"width": width, "height": 1000},
            )
        )  # fmt: skip
        page = contexts[-1].new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        opened_pages.append(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert messages == []
    assert requests == opened_pages


def shown(page):
    return page.locator(f"{ROW}:visible").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 800, 1400])
def test_axe_finds_nothing_and_no_width_scrolls_sideways(opened, scheme, width):
    page = opened(width, scheme)
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_axe_finds_nothing_on_a_page_of_two_networks(opened, compared, scheme, width):
    page = opened(width, scheme, path=compared)
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_a_script_every_layer_is_there(opened):
    page = opened(script=False)
    assert shown(page) > len(cnncalc.summarize(NETWORK))
    assert page.locator("#controls").is_hidden()


def test_the_keyboard_alone_folds_sorts_searches_and_explains(opened):
    page = opened()
    page.locator("#fold").focus()
    page.keyboard.press("Enter")
    folded = shown(page)
    page.locator(f"{ROW}.block button").first.focus()
    page.keyboard.press("Enter")
    assert shown(page) > folded
    page.locator(f"{ROW} button.name").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".why math:visible").count() > 3
    page.locator("[data-c=macs] button").first.focus()
    page.keyboard.press("Enter")
    sizes = page.locator(f"{ROW}:visible td:nth-child(7)").evaluate_all(
        "cells => cells.map(cell => Number(cell.dataset.v || cell.textContent.replaceAll(',', '')))"
    )
    assert sizes == sorted((row.macs for row in cnncalc.summarize(NETWORK).rows), reverse=True)
    page.locator("#search").focus()
    page.keyboard.type("linear")
    assert shown(page) == 1
    assert page.locator("#found").text_content() == "1 of 428 layers"


def test_times_on_a_device_have_bars_and_are_sorted(opened, tmp_path):
    path = tmp_path / "net.html"
    path.write_text(cnncalc.to_html("resnet18", on="t4"), encoding="utf-8")
    page = opened(path=path)
    page.locator("[data-c=time] button").click()
    cells = page.locator(f"{ROW}:visible td:nth-child(9)")
    times = cells.evaluate_all("cells => cells.map(cell => Number(cell.dataset.v))")
    assert times == sorted(times, reverse=True)
    (bounds,) = cnncalc.device("resnet18", "t4").bounds
    longest = max(layer.training for layer in bounds.layers)
    assert times[0] == pytest.approx(float(longest), rel=0.005)
    widths = cells.evaluate_all("cells => cells.map(cell => getComputedStyle(cell).backgroundSize)")
    assert widths[0] != widths[-1]
    assert axe.Axe().run(page).violations_count == 0


def test_a_box_of_the_graph_leads_to_its_row(opened):
    page = opened()
    page.locator("#fold").click()
    link = page.locator("svg a").last
    link.click()
    assert page.locator(":target").is_visible()
    assert "#" + page.evaluate("document.querySelector(':target').id") == link.get_attribute("href")


def test_searching_folding_and_opening_every_layer_shows_how_long_it_takes(opened):
    page = opened()
    steps = {
        "search.value = 'conv1'": "search.dispatchEvent(new Event('input'))",
        "search.value = ''": "search.dispatchEvent(new Event('input'))",
        "0": "fold.click()",
        "1": "document.querySelector('#open').click()",
    }
    for before, step in steps.items():
        taken = page.evaluate(
            f"() => {{ {before}; const start = performance.now(); {step}; "
            "document.body.offsetHeight; return performance.now() - start }"
        )
        sys.stderr.write(f"{taken:.0f} ms: {before}; {step}\n")
    assert shown(page) > len(cnncalc.summarize(NETWORK))


def test_a_printed_table_has_its_headings_on_every_page(opened, tmp_path):
    page = opened()
    page.locator("#open").click()
    page.emulate_media(media="print")
    assert page.locator("#controls").is_hidden()
    head = page.locator(".tall thead")
    assert head.evaluate("head => getComputedStyle(head).display") == "table-header-group"
    button = head.locator("button").first  # Chromium repeats no heading that contains a button
    assert button.evaluate("button => getComputedStyle(button).display") == "contents"
    path = tmp_path / "net.pdf"
    page.pdf(path=path)
    if MUTOOL is None:
        pytest.skip("needs mutool to read the pages of the PDF")
    run = subprocess.run([MUTOOL, "draw", "-F", "txt", path], capture_output=True, check=True)
    pages = run.stdout.decode().split("\f")
    headed = [at for at, text in enumerate(pages) if "Params" in text]
    assert len(headed) > 5
    assert headed == [*range(headed[0], headed[-1] + 1)]
    last = cnncalc.summarize(NETWORK).rows[-1].name
    assert last in pages[headed[-1]]
