"""Reads what the renderers wrote, by other means than theirs."""

import io
import re
import zipfile
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from pypdf import PdfReader

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
Cell = str | float


def sheets(content: bytes) -> dict[str, list[list[Cell | None]]]:
    """Rows of each sheet of a workbook, by its name; a number is a float only if it is stored as one."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        shared = [
            "".join(node.text or "" for node in item.iter(f"{_MAIN}t"))
            for item in ET.fromstring(packed.read("xl/sharedStrings.xml"))
        ]
        names = [s.attrib["name"] for s in ET.fromstring(packed.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")]
        return {
            name: _rows(ET.fromstring(packed.read(f"xl/worksheets/sheet{n}.xml")), shared)
            for n, name in enumerate(names, start=1)
        }


def _rows(sheet: ET.Element, shared: list[str]) -> list[list[Cell | None]]:
    rows: list[list[Cell | None]] = []
    for row in sheet.iter(f"{_MAIN}row"):
        cells: list[Cell | None] = []
        for cell in row.iter(f"{_MAIN}c"):
            assert cell.find(f"{_MAIN}f") is None, "a formula"
            value = cell.find(f"{_MAIN}v")
            if value is None or value.text is None:
                cells.append(None)
            else:
                cells.append(shared[int(value.text)] if cell.attrib.get("t") == "s" else float(value.text))
        rows.append(cells)
    return rows


def pdf_text(content: bytes) -> str:
    """All text of a PDF without any white space, as its own fonts' maps say."""
    pages = PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def html_text(content: bytes) -> str:
    """All text of an HTML file without any white space."""
    parser = _Texts()
    parser.feed(content.decode())
    return re.sub(r"\s+", "", "".join(parser.found))
