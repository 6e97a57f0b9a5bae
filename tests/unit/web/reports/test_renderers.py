"""The same figures in every form; files that spreadsheets, readers and browsers take without harm."""

import io
import re
from dataclasses import replace
from datetime import datetime

import pytest
from pypdf import PdfReader

from tests.unit.web.reports.files import html_text, pdf_text, sheets
from web.reports.document import Chart, Column, Section, Table, is_number, written
from web.reports.html import document_html
from web.reports.pdf import document_pdf
from web.reports.svg import draw
from web.reports.xlsx import document_xlsx


def packed(text):
    return re.sub(r"\s+", "", text).translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))


def test_the_workbook_holds_every_value_of_every_table_numbers_as_numbers(document):
    book = sheets(document_xlsx(document))
    for section in document.sections:
        table = section.table
        if not table.rows:
            continue
        head, *rows = book[table.name]
        assert head == [column.title for column in table.columns]
        for row, stored in zip(table.rows, rows, strict=False):
            for column, cell in zip(table.columns, stored, strict=True):
                value = row[column.key]
                if isinstance(value, datetime):
                    assert isinstance(cell, float)
                elif is_number(column.kind):
                    assert cell == (None if value is None else pytest.approx(value)), column.key
                elif isinstance(value, str):
                    assert cell == value


@pytest.mark.parametrize("form", ["pdf", "html"])
def test_document_and_page_hold_every_value_of_every_table_as_written(document, form):
    shown = packed(pdf_text(document_pdf(document))) if form == "pdf" else packed(html_text(document_html(document)))
    for section in document.sections:
        for row in section.table.rows:
            for column in section.table.columns:
                assert packed(written(row[column.key], column.kind)) in shown, (section.key, column.key)
    for figure in document.figures:
        assert packed(written(figure.value, figure.kind)) in shown
    for name, value in document.provenance:
        assert packed(name + value) in shown


def test_the_pdf_is_a4_numbered_and_carries_its_own_fonts(document):
    reader = PdfReader(io.BytesIO(document_pdf(document)))
    assert all(
        abs(float(p.mediabox.width) - 595.28) < 1 and abs(float(p.mediabox.height) - 841.89) < 1 for p in reader.pages
    )
    total = len(reader.pages)
    assert total >= 2
    for number, page in enumerate(reader.pages, start=1):
        foot = document.page_of.replace("|", f"{number}", 1).replace("|", f"{total}", 1)
        assert packed(foot) in packed(page.extract_text())
        for font in page["/Resources"]["/Font"].values():
            (below,) = font.get_object()["/DescendantFonts"]
            descriptor = below.get_object()["/FontDescriptor"].get_object()
            assert descriptor.keys() & {"/FontFile2", "/FontFile3"}
            assert "NotoSansSC" in str(descriptor["/FontName"])


def test_the_head_of_a_table_stands_on_each_of_its_pages(document):
    table = document.sections[0].table
    row = table.rows[0]
    long = replace(
        document, sections=[replace(document.sections[0], chart=None, table=replace(table, rows=[row] * 120))]
    )
    pages = [packed(page.extract_text()) for page in PdfReader(io.BytesIO(document_pdf(long))).pages]
    assert len(pages) >= 3
    assert all(packed(table.columns[1].title + table.columns[2].title) in page for page in pages[:3])


def test_the_same_document_gives_the_same_bytes(document):
    for render in (document_pdf, document_xlsx, document_html):
        assert render(document) == render(document)


HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    '<img src=x onerror="alert(1)">',
    "#eval(1)[*x*] $ ${x} {{ 7777*7 }}",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_from_data_is_a_text_everywhere_and_nothing_else(document, name):
    columns = [Column(key="county", title="County", wide=True), Column(key="value", title="Value", kind="percent")]
    table = Table(name="[a]:*?/\\", columns=columns, rows=[{"county": name, "value": 91.5}], links={0: "/x"})
    chart = Chart(title="Chart", kind="bars", label="county", value="value", threshold=90.0)
    hostile = replace(document, title=name, sections=[Section(key="ranking", title=name, table=table, chart=chart)])
    book = document_xlsx(hostile)
    assert [row[0] for rows in sheets(book).values() for row in rows].count(name) >= 2
    page = document_html(hostile)
    assert b"<img" not in page
    assert b"54439" not in page
    assert packed(name) in html_text(page)
    assert packed(name) in packed(pdf_text(document_pdf(hostile)))


def test_a_risky_text_stays_a_text_when_the_sheet_is_edited_or_saved_as_csv(document):
    import zipfile

    table = Table(name="t", columns=[Column(key="a", title="A")], rows=[{"a": "=1+1"}])
    book = document_xlsx(replace(document, sections=[Section(key="t", title="t", table=table)]))
    with zipfile.ZipFile(io.BytesIO(book)) as packed_book:
        assert b'quotePrefix="1"' in packed_book.read("xl/styles.xml")


def test_heads_are_frozen_and_charts_are_native(document):
    import zipfile

    with zipfile.ZipFile(io.BytesIO(document_xlsx(document))) as book:
        ranking = book.read("xl/worksheets/sheet2.xml")
        charts = [name for name in book.namelist() if name.startswith("xl/charts/chart")]
    assert b'<pane xSplit="2" ySplit="1"' in ranking
    assert len(charts) == 2


def test_a_chart_of_nothing_is_no_chart():
    table = Table(name="t", columns=[Column(key="a", title="A"), Column(key="b", title="B", kind="count")], rows=[])
    assert draw(Chart(title="t", kind="pareto", label="a", value="b"), table) == ""
