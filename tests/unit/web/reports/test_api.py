"""Reports, letters and bundles over HTTP: the same figures, and only for whom they are."""

import io
import re
import secrets
import zipfile

import httpx
import pytest

from tests.unit.web import crowd
from tests.unit.web.reports.files import html_text, pdf_text, sheets
from web.app import build_api

MONTHLY = "/api/v1/reports/monthly"


@pytest.fixture
async def asking(october):
    access = crowd.access_to(october.alerts.engine, october.register)
    transport = httpx.ASGITransport(app=build_api(october, access), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://stackwatch.example") as client:

        async def ask(path, *, role="city_supervisor", of=None, **query):
            name = f"{role}-{of}-{secrets.token_hex(4)}"
            headers = crowd.bearing(crowd.token(access, role, of, name))
            return await client.get(path, params=query, headers=headers)

        yield ask


def county(report, code):
    return next(line for line in report["counties"] if line["code"] == code)


async def test_json_workbook_pdf_and_html_say_what_the_rates_route_says(asking):
    published = (
        await asking("/api/v1/rates", level="county", window="month", period="2026-10", track="completed")
    ).json()
    rates = {rate["id"]: rate for rate in published["items"]}
    report = (await asking(MONTHLY, period="2026-10")).json()
    answers = {f: await asking(MONTHLY, period="2026-10", format=f, lang="en") for f in ("xlsx", "pdf", "html")}
    assert {f: a.status_code for f, a in answers.items()} == {"xlsx": 200, "pdf": 200, "html": 200}
    rows = {row[1]: row for row in sheets(answers["xlsx"].content)["Ranking"]}
    shown = {"pdf": pdf_text(answers["pdf"].content), "html": html_text(answers["html"].content)}
    for code, name in (("371502", "东昌府区"), ("371521", "阳谷县")):
        line = county(report, code)
        assert line["figures"]["completed"] == rates[code]
        settled, now = line["figures"]["settled"], rates[code]
        assert rows[name][2] == settled["effective_pct"]
        assert rows[name][6:9] == [settled["expected"], settled["received"], settled["valid"]]
        assert rows[name][11] == now["effective_pct"]
        for text in shown.values():
            assert f"{settled['effective_pct']:.2f}%" in text
            assert f"{now['effective_pct']:.2f}%" in text


async def test_explain_counts_what_the_report_says(asking):
    report = (await asking(MONTHLY, period="2026-10")).json()
    explained = (
        await asking("/api/v1/rates/explain", level="county", id="371521", period="2026-10", track="completed")
    ).json()
    line = county(report, "371521")
    assert explained["adds_up"]
    assert explained["counts"]["valid"] == line["figures"]["completed"]["valid"]
    lost = {(r["state"], r["reason"]): r["count"] for r in explained["reasons"] if r["state"] in {"missing", "invalid"}}
    own = (await asking(MONTHLY, period="2026-10", county="371521")).json()
    assert {(r["state"], r["reason"]): r["count"] for r in own["reasons"]} == lost


async def test_a_file_has_a_name_in_ascii_and_one_in_chinese(asking):
    said = (await asking(MONTHLY, period="2026-10", format="xlsx")).headers["content-disposition"]
    assert 'filename="monthly-2026-10.xlsx"' in said
    assert re.search(r"filename\*=UTF-8''%E8", said)


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        pytest.param({"period": "2026-13"}, 422, "query/period", id="a month that does not exist"),
        pytest.param({"period": "2026-10-01"}, 422, "query/period", id="a day"),
        pytest.param({"period": "2026-10", "county": "999999"}, 404, None, id="a county that nobody knows"),
        pytest.param({"format": "docx"}, 422, "query/format", id="a form that there is none of"),
        pytest.param({"lang": "fr"}, 422, "query/lang", id="a language that there is none of"),
    ],
)
async def test_what_cannot_be_is_said_with_where(asking, query, status, pointer):
    reply = await asking(MONTHLY, **query)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    if pointer:
        assert reply.json()["errors"][0]["pointer"] == pointer


async def test_a_county_person_gets_the_own_county_and_nothing_of_another(asking):
    own = (await asking(MONTHLY, role="inspector", of="371521", period="2026-10")).json()
    assert [line["code"] for line in own["counties"]] == ["371521"]
    assert "E1-1" not in str(own)
    asked = await asking(MONTHLY, role="inspector", of="371521", county="371502", period="2026-10")
    assert asked.status_code == 404
    whole = (await asking(MONTHLY, period="2026-10")).json()
    assert own["provenance"]["register_version"] == whole["provenance"]["register_version"]
    other = await asking(MONTHLY, role="viewer", of="371521", period="2026-10", format="xlsx")
    assert "东昌府区" not in str(sheets(other.content))


async def test_another_countys_case_is_not_there(asking, october):
    (case,) = october.alerts.cases()
    for what in ("letter", "evidence.zip"):
        query = {"kind": "preliminary_notice"} if what == "letter" else {}
        path = f"/api/v1/cases/{case.id}/{what}"
        assert (await asking(path, role="county_head", of="371502", **query)).status_code == 404
        assert (await asking(path, role="county_head", of="371521", **query)).status_code == 200


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", ["supervision_notice", "preliminary_notice", "interview"])
async def test_a_letter_says_the_cases_figures_and_leads_to_their_evidence(asking, october, kind, language):
    (case,) = october.alerts.cases()
    path = f"/api/v1/cases/{case.id}/letter"
    page = (await asking(path, kind=kind, format="html", lang=language)).content
    document = (await asking(path, kind=kind, format="pdf", lang=language)).content
    evidence = case.evidence["2026-10"]
    for text in (html_text(page), pdf_text(document)):
        assert f"{evidence['effective_pct']:.2f}%" in text
        assert f"{evidence['valid']}".replace("1264", "1\u202f264") in page.decode()
        assert case.id in text
        assert "阳谷县" in text
    assert f"http://stackwatch.example/cases/{case.id}".encode() in page
    assert b"/explain?level=county&amp;id=371521&amp;window=month&amp;period=2026-10&amp;track=completed" in page


async def test_a_letter_that_does_not_fit_the_state_is_409_and_an_unknown_one_404(asking, october):
    (case,) = october.alerts.cases()
    path = f"/api/v1/cases/{case.id}/letter"
    refused = await asking(path, kind="clearance_notice")
    assert refused.status_code == 409
    assert "cleared" in refused.json()["detail"]
    assert (await asking(path, kind="../parameters")).status_code == 404
    assert (await asking("/api/v1/cases/none/letter", kind="interview")).status_code == 404


async def test_the_bundle_comes_as_a_zip_file(asking, october):
    (case,) = october.alerts.cases()
    reply = await asking(f"/api/v1/cases/{case.id}/evidence.zip")
    assert reply.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(reply.content)) as packed:
        assert {"README.txt", "manifest.json", "expected.json"} <= set(packed.namelist())
