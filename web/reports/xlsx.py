"""A document as a workbook: a sheet for each table, numbers as numbers, native charts, text that never is a formula."""

import io
from datetime import date, datetime
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from emissions.beijing import to_beijing
from web.reports.document import Document, Section, Table, Value

_FORMATS: dict[str, str] = {
    "count": "#,##0",
    "percent": '0.00" %"',
    "mg": "0.00",
    "multiple": "0.00",
    "time": "yyyy-mm-dd hh:mm",
    "day": "yyyy-mm-dd",
}
_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may take for a formula once a cell is edited or the sheet is saved as CSV."""
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_NAME_WIDTH, _WIDTH = 34, 13


def document_xlsx(document: Document) -> bytes:
    """The workbook. The same document gives the same bytes."""
    buffer = io.BytesIO()
    workbook = Workbook(
        buffer,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    made = to_beijing(document.made_at).replace(tzinfo=None)
    workbook.set_properties({"title": document.title, "subject": document.subtitle, "created": made})
    writer = _Writer(workbook)
    writer.summary(document)
    for section in document.sections:
        if section.table is not None:
            writer.section(section, section.table)
    workbook.close()
    return buffer.getvalue()


class _Writer:
    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self.made: dict[tuple[str, bool, bool], Format] = {}
        self.names: set[str] = set()
        self.title = workbook.add_format({"bold": True, "font_size": 15})
        self.head = workbook.add_format(
            {"bold": True, "bg_color": "#F1F4F6", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self.note = workbook.add_format({"font_color": "#4D5B68", "text_wrap": True, "valign": "top"})

    def summary(self, document: Document) -> None:
        """The first sheet: key figures, notes, and what it was made from."""
        sheet = self._sheet(document.title)
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 22)
        sheet.set_column(2, 2, 44)
        self._text(sheet, 0, 0, document.title, self.title)
        self._text(sheet, 1, 0, document.subtitle, None)
        self._text(sheet, 2, 0, document.status, None)
        row = 4
        for figure in document.figures:
            self._text(sheet, row, 0, figure.title, None)
            self._cell(sheet, row, 1, figure.value, figure.kind, flagged=False)
            self._text(sheet, row, 2, figure.note, self.note)
            row += 1
        row += 1
        for note in document.notes:
            sheet.merge_range(row, 0, row, 2, "", self.note)
            self._text(sheet, row, 0, note, self.note)
            sheet.set_row(row, 30)
            row += 1
        row += 1
        for name, value in document.provenance:
            self._text(sheet, row, 0, name, None)
            self._text(sheet, row, 1, value, None)
            row += 1

    def section(self, section: Section, table: Table) -> None:
        """One table with its head frozen, and its chart beside it."""
        sheet = self._sheet(table.name)
        sheet.freeze_panes(1, 2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for at, column in enumerate(table.columns):
            sheet.set_column(at, at, _NAME_WIDTH if column.wide else _WIDTH)
            self._text(sheet, 0, at, column.title, self.head)
        for down, row in enumerate(table.rows, start=1):
            for at, column in enumerate(table.columns):
                self._cell(sheet, down, at, row.get(column.key), column.kind, flagged=down - 1 in table.flagged)
        if table.rows:
            sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
            if section.chart is not None:
                self._chart(sheet, section, table)
        else:
            self._text(sheet, 1, 0, table.empty, self.note)

    def _chart(self, sheet: Worksheet, section: Section, table: Table) -> None:
        assert section.chart is not None
        spec, name, last = section.chart, sheet.get_name(), len(table.rows)
        at = {column.key: index for index, column in enumerate(table.columns)}
        lying = spec.kind == "bars"

        def series(key: str, **more: Any) -> dict[str, Any]:
            return {
                "name": [name, 0, at[key]],
                "categories": [name, 1, at[spec.label], last, at[spec.label]],
                "values": [name, 1, at[key], last, at[key]],
                **more,
            }

        chart = self.workbook.add_chart({"type": "bar" if lying else "column"})
        assert chart is not None
        chart.add_series(series(spec.value, fill={"color": "#0072B2"}, gap=60))
        if spec.second and lying:
            chart.add_series(series(spec.second, fill={"color": "#E69F00"}))
        elif spec.second:
            line = self.workbook.add_chart({"type": "line"})
            assert line is not None
            line.add_series(series(spec.second, y2_axis=True, line={"color": "#E69F00"}))
            line.set_y2_axis({"min": 0, "max": 100})
            chart.combine(line)
        chart.set_title({"name": spec.title, "name_font": {"size": 12}})
        chart.set_legend({"position": "bottom"})
        if lying:
            chart.set_y_axis({"reverse": True})
            chart.set_x_axis({"max": 100} if spec.threshold is not None else {})
        chart.set_size({"width": 760, "height": max(300, 26 * last + 120 if lying else 340)})
        sheet.insert_chart(last + 2, 0, chart)

    def _cell(self, sheet: Worksheet, row: int, column: int, value: Value, kind: str, *, flagged: bool) -> None:
        style = self._format(kind, flagged=flagged, quoted=isinstance(value, str) and value.startswith(_RISKY))
        if value is None:
            sheet.write_blank(row, column, None, style)
        elif isinstance(value, str):
            sheet.write_string(row, column, value, style)
        elif isinstance(value, datetime):
            sheet.write_datetime(row, column, to_beijing(value).replace(tzinfo=None), style)
        elif isinstance(value, date):
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), style)  # noqa: DTZ001 - a day
        else:
            sheet.write_number(row, column, value, style)

    def _text(self, sheet: Worksheet, row: int, column: int, content: str, style: Format | None) -> None:
        if content.startswith(_RISKY) and style is None:
            style = self._format("text", flagged=False, quoted=True)
        sheet.write_string(row, column, content, style)

    def _format(self, kind: str, *, flagged: bool, quoted: bool) -> Format:
        key = (kind, flagged, quoted)
        if key not in self.made:
            wanted: dict[str, Any] = {"valign": "top"}
            if kind in _FORMATS:
                wanted["num_format"] = _FORMATS[kind]
            if flagged:
                wanted |= {"bg_color": "#FDEEE5", "font_color": "#B03A00"}
            if quoted:
                wanted["quote_prefix"] = True
            self.made[key] = self.workbook.add_format(wanted)
        return self.made[key]

    def _sheet(self, wanted: str) -> Worksheet:
        """A sheet with a name that no other has and that the format allows."""
        base = wanted.translate(_FORBIDDEN).strip()[:28] or "–"
        name, number = base, 2
        while name.lower() in self.names:
            name, number = f"{base} {number}", number + 1
        self.names.add(name.lower())
        return self.workbook.add_worksheet(name)
