"""Letters: templates are data, filled and nothing else."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from emissions.beijing import BEIJING
from rulebook.errors import BadFile
from rulebook.letters import PLACES, load_letters
from rulebook.loader import SHIPPED, check_rulebook, load_letter_templates
from tests.unit.web.reports.conftest import NOW
from tests.unit.web.reports.files import html_text, pdf_text
from web.letters.letter import NotNow, letter_name, write_letter
from web.letters.rendering import letter_html, letter_pdf
from web.wording import wording

KINDS = ("clearance_notice", "interview", "preliminary_notice", "supervision_notice")

GOOD = """\
states: [opened]
title: {zh: "通知 {county}", en: "Notice {county}"}
addressee: {zh: "", en: ""}
paragraphs:
  - {zh: "甲 {case}", en: "A {case}"}
closing: {zh: "", en: ""}
signature: {zh: "", en: ""}
"""


def write(case, kind, october, language="zh", template=None):
    return write_letter(
        kind,
        template or october.letters[kind],
        case,
        words=wording(language),
        parameters=october.parameters,
        name_of=october.name_of,
        now=NOW,
        version="v",
    )


@pytest.fixture(scope="module")
def case(october):
    (found,) = october.alerts.cases()
    return found


@pytest.fixture(scope="module")
def exceeding(case):
    first = {
        "first_hour": "2026-10-05T06:00:00+08:00",
        "outlet": "E1-1",
        "pollutant": "a21026",
        "converted_mg_m3": 80.0,
        "limit_mg_m3": 35.0,
        "exceeded_hours": 3,
        "corrected_hours": 1,
    }
    return replace(
        case,
        trigger="exceeding",
        evidence={"2026-10": {"period": "2026-10", "enterprises": {"E1": first, "E2": first, "E3": first}}},
    )


def test_the_shipped_letters_are_in_order():
    assert tuple(load_letter_templates()) == KINDS
    check_rulebook()


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        pytest.param("{county}", "{nobody}", id="a place that no figure belongs to"),
        pytest.param("{county}", "{county.__class__}", id="an attribute"),
        pytest.param("{county}", "{0}", id="a position"),
        pytest.param("{county}", "{county!r}", id="a conversion"),
        pytest.param("{county}", "{county:>9}", id="a format"),
        pytest.param("{county}", "{county", id="an open brace"),
    ],
)
def test_a_template_holds_plain_known_places_only(tmp_path, wrong, found):
    (tmp_path / "notice.yaml").write_text(GOOD.replace(wrong, found, 1), encoding="utf-8")
    with pytest.raises(BadFile) as raised:
        load_letters(tmp_path)
    (problem,) = raised.value.problems
    assert (problem.field, problem.line) == ("title.zh", 2)


def test_a_rulebook_of_ones_own_may_word_its_own_letters(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "own.yaml").write_text(GOOD, encoding="utf-8")
    assert list(load_letter_templates(tmp_path)) == ["own"]
    assert list(load_letter_templates(tmp_path / "letters")) == list(KINDS), "one without letters has the shipped ones"


def test_every_place_is_filled(case, october):
    text = " ".join(f"{name}={{{name}}}" for name in PLACES)
    template = load_letter_templates(SHIPPED)["interview"]
    paragraph = template.paragraphs[2].model_copy(update={"zh": text})
    letter = write(case, "interview", october, template=template.model_copy(update={"paragraphs": (paragraph,)}))
    (said,) = letter.paragraphs
    assert "county=阳谷县" in said
    assert "threshold=90\u202f%" in said
    assert "{" not in said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_paragraphs_are_those_of_the_trigger(case, exceeding, october, language):
    by_rate, by_hours = (write(c, "supervision_notice", october, language) for c in (case, exceeding))
    assert "84.95" in by_rate.paragraphs[0]
    assert "84.95" not in "".join(by_hours.paragraphs)
    assert "3" in by_hours.paragraphs[0]
    assert len(by_rate.paragraphs) == len(by_hours.paragraphs) == 4


def test_a_case_of_exceeding_enterprises_lists_each_with_its_first_hour(exceeding, october):
    letter = write(exceeding, "preliminary_notice", october)
    assert len(letter.facts) == 3
    assert "80" in letter.facts[0].note
    assert "35" in letter.facts[0].note
    assert letter.facts[0].link == "/explain?level=outlet&id=E1-1&window=day&period=2026-10-05&track=completed"


def test_a_cleared_case_gets_its_clearance_and_no_more_warnings(case, october):
    cleared = replace(
        case,
        state="cleared",
        deadline=None,
        state_detail={"since": datetime(2026, 11, 20, tzinfo=BEIJING).isoformat(), "by": "张三", "reason": "已复核"},
    )
    letter = write(cleared, "clearance_notice", october)
    assert "已复核" in "".join(letter.paragraphs)
    assert "2026-11-20 00:00" in "".join(letter.paragraphs)
    for kind in ("preliminary_notice", "interview", "supervision_notice"):
        with pytest.raises(NotNow):
            write(cleared, kind, october)


def test_what_a_person_wrote_is_text_and_never_markup(case, october):
    reason = "<script>alert(1)</script> #panic() *x* $y$ {county}"
    cleared = replace(
        case,
        state="cleared",
        deadline=None,
        state_detail={"since": (NOW - timedelta(days=1)).isoformat(), "by": "张三", "reason": reason},
    )
    letter = write(cleared, "clearance_notice", october)
    page = letter_html(letter, base="http://x")
    assert b"<script" not in page
    for text in (html_text(page), pdf_text(letter_pdf(letter, base="http://x"))):
        assert reason.replace(" ", "") in text


def test_every_kind_has_a_name_in_both_languages():
    for language in ("zh", "en"):
        assert all(letter_name(kind, wording(language)) != kind for kind in KINDS)
