"""What the dashboards ask: a panel is a title and its queries, of Prometheus or of the series store."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One chart."""

    title: str
    queries: Sequence[tuple[str, str]]
    """Query and legend; PromQL, or Flux where the panel says so."""
    unit: str = "short"
    flux: bool = False
    line_at: float | None = None
    """A threshold that is drawn."""


def rate_of(level: str, *, track: str, field: str = "effective_pct", subject: str = "true") -> str:
    """Rates by day, as Flux. [%]"""
    return f"""from(bucket: "cems")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "rate" and r.level == "{level}" and r.window == "day" and r.track == "{track}")
  |> filter(fn: (r) => {subject} and r._field == "{field}")
  |> keep(columns: ["_time", "_value", "id"])"""


def hour_of(field: str) -> str:
    """Judged hours of the chosen outlet, as Flux. [mg m⁻³]"""
    return f"""from(bucket: "cems")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "hour" and r.outlet == "${{outlet}}" and r._field == "{field}")
  |> keep(columns: ["_time", "_value", "pollutant"])"""


def minute_of(factors: str) -> str:
    """Values of the chosen outlet as they came, as Flux; ``factors`` is a regular expression."""
    return f"""from(bucket: "cems")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "reading" and r.outlet == "${{outlet}}" and r._field =~ /{factors}/)
  |> aggregateWindow(every: v.windowPeriod, fn: mean, createEmpty: false)
  |> keep(columns: ["_time", "_value", "_field"])"""


def values_of(measurement: str, tag: str) -> str:
    """What a tag can be, as Flux."""
    return f"""from(bucket: "cems")
  |> range(start: -40d)
  |> filter(fn: (r) => r._measurement == "{measurement}")
  |> keep(columns: ["{tag}"])
  |> distinct(column: "{tag}")"""


OURS = '{job=~"gateway|relay|rollcall|worker|alerts|web"}'
"""The platform's own processes, as PromQL."""

CHECKPOINTS = "stackwatch_worker_checkpoint_seconds_bucket"

PIPELINE = (
    Panel(
        title="Frames a second",
        queries=[
            ("sum(rate(stackwatch_gateway_received_total[$__rate_interval]))", "received over MQTT"),
            ("sum(rate(stackwatch_relay_frames_total[$__rate_interval]))", "of them over TCP"),
            ("sum(rate(stackwatch_gateway_relayed_total[$__rate_interval]))", "safe in Kafka"),
            ("sum(rate(stackwatch_gateway_acknowledged_total[$__rate_interval]))", "acknowledged"),
        ],
        unit="cps",
    ),
    Panel(
        title="Refused frames a second, by reason",
        queries=[
            ("sum by (reason) (rate(stackwatch_gateway_quarantined_total[$__rate_interval]))", "{{reason}}"),
            (
                "sum by (reason) (rate(stackwatch_worker_quarantined_total[$__rate_interval]))",
                "{{reason}}, by the worker",
            ),
        ],
        unit="cps",
    ),
    Panel(
        title="Waiting for Kafka at the gateway",
        queries=[("sum by (instance) (stackwatch_gateway_in_flight)", "{{instance}}")],
    ),
    Panel(
        title="Since Kafka last committed something",
        queries=[("max by (instance) (stackwatch_gateway_commit_age_seconds)", "{{instance}}")],
        unit="s",
        line_at=60,
    ),
    Panel(
        title="Not read yet by the worker, by stage",
        queries=[("sum by (stage) (stackwatch_worker_lag)", "{{stage}}")],
    ),
    Panel(
        title="Lines a second at the worker, by stage",
        queries=[("sum by (stage) (rate(stackwatch_worker_lines_total[$__rate_interval]))", "{{stage}}")],
        unit="cps",
    ),
    Panel(
        title="Time of a checkpoint, 95 of 100",
        queries=[
            (
                f"histogram_quantile(0.95, sum by (stage, le) (rate({CHECKPOINTS}[$__rate_interval])))",
                "{{stage}}",
            )
        ],
        unit="s",
    ),
    Panel(
        title="Series store: points a second, and failures",
        queries=[
            ("sum(rate(stackwatch_worker_points_stored_total[$__rate_interval]))", "stored"),
            ("sum by (until) (rate(stackwatch_worker_store_failures_total[$__rate_interval]))", "not until {{until}}"),
        ],
        unit="cps",
    ),
    Panel(
        title="Age of the last hour called",
        queries=[("time() - max(stackwatch_rollcall_hour_timestamp_seconds)", "age")],
        unit="s",
        line_at=3 * 3600 + 900,
    ),
    Panel(
        title="Loggers connected over TCP",
        queries=[("sum by (instance) (stackwatch_relay_connections)", "{{instance}}")],
    ),
    Panel(
        title="Memory",
        queries=[(f"process_resident_memory_bytes{OURS}", "{{job}} {{instance}}")],
        unit="bytes",
    ),
    Panel(
        title="Processor",
        queries=[(f"rate(process_cpu_seconds_total{OURS}[$__rate_interval])", "{{job}} {{instance}}")],
        unit="percentunit",
    ),
)

COUNTIES = (
    Panel(
        title="Effective transmission rate by county and day, as known in time",
        queries=[(rate_of("county", track="in_time"), "${__field.labels.id}")],
        unit="percent",
        flux=True,
        line_at=90,
    ),
    Panel(
        title="The same, as completed later",
        queries=[(rate_of("county", track="completed"), "${__field.labels.id}")],
        unit="percent",
        flux=True,
        line_at=90,
    ),
    Panel(
        title="Transmission: received of expected",
        queries=[(rate_of("county", track="completed", field="transmission_pct"), "${__field.labels.id}")],
        unit="percent",
        flux=True,
    ),
    Panel(
        title="Validity: valid of received",
        queries=[(rate_of("county", track="completed", field="validity_pct"), "${__field.labels.id}")],
        unit="percent",
        flux=True,
    ),
    Panel(
        title="Cities, as known in time",
        queries=[(rate_of("city", track="in_time"), "${__field.labels.id}")],
        unit="percent",
        flux=True,
        line_at=90,
    ),
    Panel(
        title="Cities, as completed later",
        queries=[(rate_of("city", track="completed"), "${__field.labels.id}")],
        unit="percent",
        flux=True,
        line_at=90,
    ),
)

OUTLET = (
    Panel(
        title="Hours, at reference oxygen",
        queries=[
            (hour_of("converted"), "${__field.labels.pollutant}"),
            (hour_of("limit"), "limit of ${__field.labels.pollutant}"),
        ],
        unit="conmgm3",
        flux=True,
    ),
    Panel(
        title="Hours, as measured",
        queries=[(hour_of("raw"), "${__field.labels.pollutant}")],
        unit="conmgm3",
        flux=True,
    ),
    Panel(
        title="Particles, sulphur dioxide, nitrogen oxides, as they come",
        queries=[(minute_of("^(a34013|a21026|a21002)-(ZsRtd|Rtd|Avg)$"), "${__field.name}")],
        unit="conmgm3",
        flux=True,
    ),
    Panel(
        title="Oxygen",
        queries=[(minute_of("^a19001-(Rtd|Avg)$"), "${__field.name}")],
        unit="percent",
        flux=True,
    ),
    Panel(
        title="Effective transmission rate",
        queries=[
            (rate_of("outlet", track="in_time", subject='r.id == "${outlet}"'), "in time"),
            (rate_of("outlet", track="completed", subject='r.id == "${outlet}"'), "completed"),
        ],
        unit="percent",
        flux=True,
        line_at=90,
    ),
)
