"""The widget of a review: what it is sent and keeps, by keyboard and by mouse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from synthnb.evaluation.human import Review, find_rubric, start_review
from synthnb.widgets.review import ReviewWidget

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Shown

HOSTILE = "<img src=x onerror=window.hacked=1>"
REAL, SYNTHETIC = "planted-alpha", "planted-beta"


@pytest.fixture
def review(tmp_path: Path) -> Review:
    frames = [pd.DataFrame({"note": [f"{word} {i}" for i in range(30)]}) for word in (SYNTHETIC, REAL)]
    return start_review(*frames, n=20, text="note", seed=1, folder=tmp_path)


class Wire:
    """The kernel's end: what a view sends, and what comes back."""

    def __init__(self, review: Review, rater: str | None = None) -> None:
        self.widget = ReviewWidget(review, rater)
        self.sent: list[Any] = []
        self.widget.send = self.sent.append  # the comm's end of the wire

    def ask(self, **message: Any) -> Any:
        """Send a message as a view would, and return the answer."""
        self.widget._handle_custom_msg({"view": "v1", "rater": "a", **message}, [])
        return self.sent[-1]


def test_no_trait_and_no_saved_state_holds_an_item(review: Review) -> None:
    wire = Wire(review, "a")
    for at in range(20):
        wire.ask(type="show", at=at)
    state = json.dumps(wire.widget.get_state(), default=str)
    assert "planted" not in state
    assert "planted" not in json.dumps(wire.widget._repr_mimebundle_())
    assert set(wire.widget.keys) <= {name for name in wire.widget.keys if name.startswith("_")} | {"layout", "tabbable", "tooltip"}


def test_no_message_says_where_an_item_comes_from(review: Review, tmp_path: Path) -> None:
    wire = Wire(review, "a")
    wire.ask(type="hello")
    wire.ask(type="rater")
    for at in range(20):
        item = wire.ask(type="show", at=at)["item"]
        wire.ask(type="rate", item=item, question="confidence", rating=3)
    items = [{name: value for name, value in sent.items() if name != "content"} for sent in wire.sent[1:]]
    assert "real" not in json.dumps(items)
    assert "synthetic" not in json.dumps(items)
    key = json.loads((tmp_path / review.id / "key.json").read_text(encoding="utf-8"))
    assert key["salt"] not in json.dumps(wire.sent)
    assert key["secret"] not in json.dumps(wire.sent)
    assert str(key["seed"]) not in {str(value) for sent in wire.sent for name, value in sent.items() if name not in ("at", "done", "next")}


def test_an_answer_is_in_the_file_before_it_is_said_to_be_kept(review: Review) -> None:
    wire = Wire(review)
    item = wire.ask(type="show", at=0)["item"]
    said = wire.ask(type="rate", item=item, question="origin", rating="real", seconds=1.25)
    assert said == {"type": "kept", "item": item, "answers": {"origin": "real"}, "next": 1, "done": 0, "total": 20, "view": "v1"}
    line = json.loads(review.rating_file("a").read_text(encoding="utf-8"))
    assert (line["item"], line["rating"], line["seconds"]) == (item, "real", 1.25)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"type": "rate", "item": "item-999", "question": "origin", "rating": "real"}, "There is no item 'item-999'"),
        ({"type": "rate", "item": "item-001", "question": "origin", "rating": {"a": 1}}, "An answer to origin must be one of"),
        ({"type": "show", "at": 0, "rater": "<b>"}, "A rater's id"),
        ({"type": "note", "item": "item-001", "note": "x" * 3000}, "A text of at most 2,000 characters"),
    ],
)
def test_what_can_not_be_is_answered_with_why(review: Review, message: dict[str, Any], said: str) -> None:
    answer = Wire(review).ask(**message)
    assert answer["type"] == "failed"
    assert said in answer["text"]


@pytest.mark.parametrize("message", [5, None, {}, {"type": "hello"}, {"type": "key", "view": "v"}, {"type": ["x"], "view": "v"}])
def test_what_is_no_message_is_not_answered(review: Review, message: Any) -> None:
    wire = Wire(review)
    wire.widget._handle_custom_msg(message, [])
    assert wire.sent == []


def test_a_place_outside_the_sample_is_the_nearest_inside(review: Review) -> None:
    wire = Wire(review)
    assert wire.ask(type="show", at=-5)["at"] == 0
    assert wire.ask(type="show", at=10**9)["at"] == 19
    assert wire.ask(type="show", at="x")["at"] == 0


def test_a_rater_goes_on_at_the_first_open_item(review: Review) -> None:
    first = review.order("a")[0]
    review.rate("a", first.id, "origin", "real")
    review.rate("a", first.id, "confidence", 1)
    assert Wire(review).ask(type="rater")["at"] == 1


def test_a_rater_goes_on_after_what_was_rated_in_another_notebook(review: Review, tmp_path: Path) -> None:
    wire = Wire(review)
    other = start_review(
        *[pd.DataFrame({"note": [f"{word} {i}" for i in range(30)]}) for word in (SYNTHETIC, REAL)], n=20, text="note", folder=tmp_path
    )
    first = other.order("a")[0]
    other.rate("a", first.id, "origin", "real")
    other.rate("a", first.id, "confidence", 1)
    said = wire.ask(type="rater")
    assert (said["at"], said["done"]) == (1, 1)
    assert wire.ask(type="undo")["at"] == 0


def test_the_end_of_a_review_is_told_once(review: Review) -> None:
    wire, told = Wire(review), []
    wire.widget.on_finished(lambda: told.append(1))
    for item in review.items:
        for question, rating in (("origin", "real"), ("confidence", 1)):
            said = wire.ask(type="rate", item=item.id, question=question, rating=rating)
    assert (said["done"], said["next"], told) == (20, None, [1])
    wire.ask(type="rate", item="item-001", question="confidence", rating=2)
    assert told == [1]


KERNEL = """
window.sent = [];
const items = %s;
const questions = %s;
const given = items.map(() => ({}));
let log = [];
const done = () => ({ done: given.filter((one) => Object.keys(one).length === questions.length).length, total: items.length });
const next = (at) => [...items.keys()].slice(at + 1).concat([...items.keys()].slice(0, at))
  .find((i) => Object.keys(given[i]).length < questions.length) ?? null;
const answer = {
  hello: () => ({ type: 'review', title: %s, instructions: 'Judge.\\nCarefully.', questions, raters: ['b'], rater: %s, ...done() }),
  rater: ({ rater }) => ({ type: 'begun', rater, at: 0, ...done() }),
  show: ({ at }) => (
    { type: 'item', at, item: `item-00${at + 1}`, content: items[at], answers: { ...given[at] }, note: '', ...done() }),
  rate: ({ item, question, rating }) => {
    const at = Number(item.slice(-3)) - 1;
    if (window.broken) return { type: 'failed', text: 'The rating was not written.', item };
    given[at][question] = rating;
    log.push([at, question]);
    return { type: 'kept', item, answers: { ...given[at] }, next: next(at), ...done() };
  },
  note: ({ item }) => ({ type: 'noted', item }),
  undo: () => {
    const last = log.pop();
    if (last) delete given[last[0]][last[1]];
    return { type: 'undone', at: last ? last[0] : null, ...done() };
  },
};
"""
HOST = """
import widget from 'data:text/javascript;base64,%s';
let hear = () => undefined;
const model = {
  send: (message) => {
    sent.push(message);
    if (!window.silent) setTimeout(() => hear({ view: message.view, ...answer[message.type](message) }), window.delay ?? 0);
  },
  on: (_, call) => { hear = call; },
  off: () => { hear = () => undefined; window.released = true; },
};
window.hear = (said) => hear(said);
window.release = widget.render({ model, el: document.getElementById('here') });
"""
ITEMS = ["A first text.\nIt has two lines.", [["age", "63"], [HOSTILE, None], ["sex", HOSTILE]], HOSTILE]


@pytest.fixture
def page(show: Shown) -> Page:
    """The widget in a page with a kernel's answers, before the first item."""
    return opened(show)


def opened(show: Shown, rubric: str = "discrimination", scheme: str = "light", rater: str | None = "a") -> Page:
    import base64

    found = find_rubric(rubric)
    questions = [{"id": one.id, "text": one.text, "answers": [vars(answer) for answer in one.answers]} for one in found.questions]
    module = base64.b64encode((Path(__file__).parents[2] / "synthnb" / "widgets" / "review.js").read_bytes()).decode()
    shown = show("key", scheme, provider="", message="")  # a page of its own, with nothing loaded from elsewhere
    shown.evaluate("release()")
    shown.add_style_tag(path=Path(__file__).parents[2] / "synthnb" / "widgets" / "review.css")
    kernel = KERNEL % (json.dumps(ITEMS), json.dumps(questions), json.dumps(found.title), json.dumps(rater))
    shown.add_script_tag(content=kernel)
    shown.add_script_tag(content=HOST % module, type="module")
    shown.get_by_role("button", name="Begin").wait_for()
    return shown


def begin(page: Page) -> Page:
    page.get_by_role("button", name="Begin").press("Enter")
    page.locator(".rv-item").wait_for()
    return page


def place(page: Page, number: int) -> None:
    page.get_by_role("heading", name=f"item-00{number}, {number} of 3").wait_for()


@pytest.mark.ui
def test_digits_answer_and_the_next_open_item_comes(page: Page) -> None:
    begin(page)
    page.keyboard.press("2")
    page.keyboard.press("5")
    place(page, 2)
    rates = page.evaluate(
        "sent.filter((one) => one.type === 'rate').map(({ item, question, rating, rater }) => [item, question, rating, rater])"
    )
    assert rates == [["item-001", "origin", "synthetic", "a"], ["item-001", "confidence", 5, "a"]]
    assert page.evaluate("sent.find((one) => one.type === 'rate').seconds") > 0


@pytest.mark.ui
def test_digits_typed_ahead_are_not_lost_and_stay_with_their_item(page: Page) -> None:
    begin(page)
    page.evaluate("window.delay = 150")
    for key in "251":
        page.keyboard.press(key)
    place(page, 2)
    page.wait_for_timeout(400)
    assert page.evaluate("sent.filter((one) => one.type === 'rate').length") == 2


@pytest.mark.ui
def test_arrows_move_among_items_and_questions(page: Page) -> None:
    begin(page)
    page.keyboard.press("ArrowDown")
    assert page.locator("fieldset[aria-current]").locator("legend").inner_text() == "How sure are you?"
    page.keyboard.press("4")
    page.get_by_text("Kept.").wait_for()
    assert page.evaluate("sent.at(-1).question") == "confidence"
    page.keyboard.press("ArrowRight")
    place(page, 2)
    page.keyboard.press("ArrowLeft")
    place(page, 1)
    assert page.get_by_role("button", name="4 Very sure").get_attribute("aria-pressed") == "true"
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("status").inner_text() == "This is the first item."


@pytest.mark.ui
def test_u_takes_back_and_shows_the_item(page: Page) -> None:
    begin(page)
    page.keyboard.press("1")
    page.keyboard.press("1")
    place(page, 2)
    page.keyboard.press("u")
    place(page, 1)
    assert page.get_by_text("0 of 3 rated").is_visible()
    assert page.get_by_role("button", name="1 Real").get_attribute("aria-pressed") == "true"


@pytest.mark.ui
def test_n_opens_a_note_whose_digits_are_words(page: Page) -> None:
    begin(page)
    page.keyboard.press("n")
    page.keyboard.type("dose 1 or 2?")
    page.keyboard.press("Enter")
    page.get_by_text("The note is kept.").wait_for()
    assert page.evaluate("sent.at(-1).note") == "dose 1 or 2?"
    assert page.evaluate("sent.filter((one) => one.type === 'rate').length") == 0
    assert page.evaluate("document.activeElement.className") == "rv-item"


@pytest.mark.ui
def test_a_note_begun_while_the_last_answer_is_on_its_way_is_not_lost(page: Page) -> None:
    begin(page)
    page.keyboard.press("1")
    page.get_by_text("Kept.").wait_for()
    page.evaluate("window.delay = 300")
    page.keyboard.press("1")
    page.keyboard.press("n")
    page.keyboard.type("odd")
    page.wait_for_timeout(500)
    place(page, 1)
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    place(page, 2)
    assert page.evaluate("sent.filter((one) => one.type === 'note').map((one) => [one.item, one.note])") == [["item-001", "odd"]]
    assert page.get_by_label("Note on this item").input_value() == ""


@pytest.mark.ui
def test_a_note_asked_for_before_the_item_is_here_is_opened_on_it(page: Page) -> None:
    begin(page)
    page.evaluate("window.delay = 200")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("n")
    place(page, 2)
    page.wait_for_function("document.activeElement.tagName === 'TEXTAREA'")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    place(page, 1)
    assert page.evaluate("document.activeElement.className") == "rv-item"


@pytest.mark.ui
def test_escape_leaves_the_widget(page: Page) -> None:
    begin(page)
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")


@pytest.mark.ui
def test_a_notebook_that_does_not_answer_is_told(show: Shown) -> None:
    page = opened(show)
    page.clock.install()
    page.evaluate("window.silent = true")
    page.get_by_role("button", name="Begin").press("Enter")
    page.clock.run_for(9000)
    assert "The notebook doesn’t answer. Run the cell again" in page.get_by_role("status").inner_text()


@pytest.mark.ui
def test_the_mouse_does_the_same(page: Page) -> None:
    begin(page)
    page.get_by_role("button", name="1 Real").click()
    page.get_by_role("button", name="3 Fairly sure").click()
    place(page, 2)
    page.get_by_role("button", name="Undo (u)").click()
    place(page, 1)


@pytest.mark.ui
def test_the_end_is_told_and_items_can_be_looked_at_again(page: Page) -> None:
    begin(page)
    for number in (1, 2, 3):
        place(page, number)
        page.keyboard.press("1")
        page.keyboard.press("1")
    page.get_by_text("All 3 items are rated.").wait_for()
    page.keyboard.press("ArrowLeft")
    place(page, 2)
    assert page.get_by_role("progressbar", name="Items rated").get_attribute("value") == "3"


@pytest.mark.ui
def test_an_answer_that_was_not_written_is_not_shown_as_given(page: Page) -> None:
    begin(page)
    page.evaluate("window.broken = true")
    page.keyboard.press("1")
    page.get_by_text("The rating was not written.").wait_for()
    assert page.locator("[aria-pressed=true]").count() == 0


@pytest.mark.ui
def test_contents_are_text(page: Page) -> None:
    begin(page)
    page.keyboard.press("ArrowRight")
    place(page, 2)
    page.keyboard.press("ArrowRight")
    place(page, 3)
    assert page.locator(".rv-text").inner_text() == HOSTILE
    assert page.evaluate("window.hacked === undefined && document.querySelector('img') === null")


@pytest.mark.ui
def test_messages_for_another_view_are_not_heard(page: Page) -> None:
    begin(page)
    page.evaluate("hear({ type: 'item', view: 'other', at: 2, item: 'item-003', content: 'x', answers: {}, note: '', done: 0, total: 3 })")
    page.evaluate("hear({ type: 'constructor', view: sent[0].view }); hear(null)")
    place(page, 1)


@pytest.mark.ui
def test_who_rates_must_be_said(show: Shown) -> None:
    page = opened(show, rater=None)
    page.get_by_role("button", name="Begin").press("Enter")
    assert page.get_by_role("status").inner_text() == "Say who rates: initials or a role."
    page.get_by_role("button", name="Go on as b").click()
    place(page, 1)
    assert page.evaluate("sent.at(-1).rater") == "b"


@pytest.mark.ui
def test_keys_do_not_reach_the_notebook(page: Page) -> None:
    begin(page)
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (event) => leaked.push(event.key))")
    for key in ("1", "u", "n", "Escape", "ArrowRight", "d", "Enter"):
        page.keyboard.press(key)
    page.keyboard.press("Control+s")
    assert page.evaluate("leaked.filter((key) => !['Control', 's'].includes(key))") == []
    assert page.locator("section").get_attribute("data-lm-suppress-shortcuts") == "true"


@pytest.mark.ui
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_looks_as_it_should(show: Shown, scheme: str, screenshots: Path) -> None:
    page = begin(opened(show, scheme=scheme))
    page.keyboard.press("2")
    page.get_by_text("Kept.").wait_for()
    page.screenshot(path=screenshots / f"review-{scheme}.png")
    assert page.locator(".rv-active legend").inner_text() == "How sure are you?"


@pytest.mark.ui
def test_it_is_taken_away_whole(page: Page) -> None:
    page.evaluate("release()")
    assert page.evaluate("document.querySelector('.synthnb-review') === null && window.released")


@pytest.fixture(scope="session")
def screenshots() -> Path:
    folder = Path(__file__).parents[2] / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder
