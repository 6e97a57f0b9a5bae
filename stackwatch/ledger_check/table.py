"""A check as tables for people."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stackwatch.ledger_check.check import Checked
from stackwatch.ledger_check.fault import GRAVE, KINDS, STAGES, Fault


def show(console: Console, checked: Checked) -> None:
    """Stages with their counts; where anything is amiss, by outlet and stage, and the first of each sort."""
    console.print(_stages(checked))
    if checked.faults.counts:
        console.print(_outlets(checked))
        for fault in checked.faults.first:
            console.print(_words(fault))
    text = ", ".join(f"{kind} {checked.faults.of(kind=kind)}" for kind in KINDS)
    console.print(Text(text, style="green" if checked.right else "red"))


def _stages(checked: Checked) -> Table:
    table = Table("stage", title="Ledger against each stage", title_justify="left")
    for name in ("expected", "found", *KINDS):
        table.add_column(name, justify="right")
    for stage in checked.stages:
        counts = ((kind, checked.faults.of(stage=stage.stage, kind=kind)) for kind in KINDS)
        cells = (Text(str(count), style=_style(kind, count)) for kind, count in counts)
        table.add_row(stage.stage, str(stage.expected), str(stage.found), *cells)
    return table


def _outlets(checked: Checked) -> Table:
    table = Table("outlet", "stage", "what", title="By outlet and stage", title_justify="left")
    table.add_column("count", justify="right")
    ordered = sorted(checked.faults.counts.items(), key=lambda item: (STAGES.index(item[0][1]), *item[0]))
    for (outlet, stage, kind), count in ordered:
        table.add_row(outlet or "–", stage, Text(kind, style=_style(kind, count)), str(count))
    return table


def _style(kind: str, count: int) -> str:
    if not count:
        return "green"
    return "bold red" if kind in GRAVE else "yellow"


def _words(fault: Fault) -> Text:
    head = Text(f"{fault.kind} ", style=_style(fault.kind, 1))
    about = f"{fault.stage} {fault.outlet or '–'} {', '.join(fault.about)}"
    return head + Text(f"{about}: expected {_short(fault.expected)}, found {_short(fault.found)}")


def _short(value: object) -> str:
    return "nothing" if value is None else str(value)[:200]
