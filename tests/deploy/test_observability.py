"""Alarms and dashboards ask for what is there: every metric in the code, every point in the series store."""

import json
from datetime import timedelta

import httpx
import pytest
import yaml

from deploy.engines import influxdb
from deploy.grafana.boards import BOARDS, FOLDER, text_of
from stores import open_store
from tests.conformance.points import H0, hour, rate, reading
from tests.deploy.metrics import OF_OTHERS, asked_for, series_in_code, table
from tests.deploy.overlays import ROOT

RULES = [
    rule
    for group in yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
METRICS_PAGE = (ROOT / "docs" / "metrics.md").read_text()


def dashboards() -> dict[str, dict]:
    return {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}


def queries(kind: str, key: str) -> dict[str, str]:
    """What the panels of all dashboards ask of one kind of source, by place."""
    return {
        f"{name}: {panel['title']} {target['refId']}": target[key]
        for name, board in dashboards().items()
        for panel in board["panels"]
        for target in panel["targets"]
        if target["datasource"]["type"] == kind
    }


@pytest.mark.parametrize(
    "expressions",
    [
        pytest.param({rule["alert"]: rule["expr"] for rule in RULES}, id="alarms"),
        pytest.param(queries("prometheus", "expr"), id="dashboards"),
    ],
)
def test_every_series_is_made_by_the_code(expressions: dict[str, str]) -> None:
    known = series_in_code()
    found = asked_for(expressions)
    assert found.keys() == expressions.keys()
    for place, asked in found.items():
        assert asked, place
        for series, labels in asked:
            assert series in known.keys() | OF_OTHERS, place
            assert set(labels) <= {*known.get(series, labels), "job"}, (place, series)


def test_a_misspelt_metric_would_be_found() -> None:
    found = asked_for({"x": "sum by (stage) (rate(stackwatch_worker_linez_total[5m])) > 0"})
    assert found == {"x": [("stackwatch_worker_linez_total", [])]}
    assert "stackwatch_worker_linez_total" not in series_in_code()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alarm_says_how_bad_it_is_and_what_to_do(rule: dict) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    section = METRICS_PAGE.partition(f"### {rule['alert']}\n")[2].partition("\n### ")[0]
    assert (page, anchor) == ("docs/metrics.md", rule["alert"].lower())
    for part in ("**Meaning.**", "**Check.**", "**Cure.**"):
        assert part in section


def test_every_metric_is_listed_with_its_meaning() -> None:
    assert table() in METRICS_PAGE, "run python -m tests.deploy.metrics"


def test_the_dashboards_are_as_written_by_their_source() -> None:
    assert {path.stem: path.read_text() for path in FOLDER.glob("*.json")} == {name: text_of(name) for name in BOARDS}


def test_panels_ask_sources_that_are_provisioned() -> None:
    folder = ROOT / "deploy" / "grafana" / "provisioning" / "datasources"
    known = {source["uid"] for source in yaml.safe_load((folder / "stackwatch.yaml").read_text())["datasources"]}
    asked = {panel["datasource"]["uid"] for board in dashboards().values() for panel in board["panels"]}
    assert asked == known == {"prometheus", "series"}


@pytest.mark.timeout(1800)  # a machine that has no InfluxDB yet builds it here
def test_every_panel_over_the_series_store_shows_what_the_platform_stored(tmp_path) -> None:
    day = {"window": "day", "period": f"{H0:%Y-%m-%d}"}
    points = [
        reading(numbers={"a34013-ZsRtd": 2.2, "a21026-Rtd": 12.3, "a19001-Rtd": 5.7}),
        hour(),
        *(rate(**day, track=track) for track in ("in_time", "completed")),
        *(rate(**day, track=track, level="city", id="371500", county="") for track in ("in_time", "completed")),
        *(rate(**day, track=track, level="outlet", id="P1-01") for track in ("in_time", "completed")),
    ]
    span = f"timeRangeStart: {stamp(H0 - timedelta(days=2))}, timeRangeStop: {stamp(H0 + timedelta(days=2))}"
    choices = {f"{name}: {one['name']}": one["query"]["query"] for name, one in variables()}
    asked = queries("influxdb", "query") | {
        place: text.replace("start: -40d", "start: 2026-01-01T00:00:00Z") for place, text in choices.items()
    }
    assert len(asked) > 10
    with influxdb(tmp_path) as engine:
        store = open_store(engine.env["STACKWATCH_SERIES"], token=engine.token)
        store.write(points)
        store.close()
        empty = []
        for place, text in asked.items():
            flux = f"option v = {{{span}, windowPeriod: 1m}}\n" + text.replace("${outlet}", "P1-01")
            reply = httpx.post(
                f"{engine.url}/api/v2/query",
                params={"org": engine.org},
                headers={"Authorization": f"Token {engine.token}", "Accept": "application/csv"},
                json={"query": flux},
            )
            assert reply.status_code == 200, (place, reply.text)
            if not reply.text.strip():
                empty.append(place)
    assert not empty


def variables() -> list[tuple[str, dict]]:
    """What a reader can choose, by dashboard."""
    return [(name, one) for name, board in dashboards().items() for one in board["templating"]["list"]]


def stamp(moment) -> str:
    """A moment as Flux writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S%z}"[:-2] + ":00"
