"""The series store in InfluxDB 2, measurements as published: ``reading``, ``hour``, ``rate``, ``account``."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from emissions.account import AccountHour
from emissions.beijing import midnight, to_beijing
from emissions.hourly import Hour
from emissions.periods import first_day
from emissions.reading import Reading
from emissions.transmission import WINDOWS, Rate
from stores.admission import EARLIEST, LATEST, is_period, refusal
from stores.influx_answers import any_of, equal, starts_with
from stores.influx_bucket import TIMEOUT_S, Bucket
from stores.influx_lines import LINE, RECEIVED_AT, key_from, name_from, tag_value, text_from
from stores.influx_newest import Held, Identity, Newest, Span
from stores.influx_settled import MEASUREMENT, Settlements
from stores.lines import account_from, from_microseconds, hour_from, microseconds, rate_from
from stores.port import Point, StoreRefused, Version

_TAGS = {
    "hour": ("outlet", "county", "pollutant"),
    "rate": ("level", "id", "window", "track"),
    "account": ("outlet", "county"),
}
_SUBJECT_TAG = {"hour": "outlet", "rate": "id", "account": "outlet"}
_ORDER_FIELD = {"hour": "revision", "rate": "as_of", "account": "as_of"}
_OPTIONAL_FIELDS = {
    "hour": ("raw", "converted", "limit"),
    "rate": ("transmission_pct", "validity_pct", "effective_pct"),
    "account": ("stored",),
}

_MICROSECOND = timedelta(microseconds=1)


class InfluxStore:
    """A `SeriesStore` in one bucket. Safe to use from several threads; see `Newest` about several processes.

    The bucket should keep what it gets for ever, or as long as hours may be corrected: the engine refuses points that
    are older than its retention, and later drops without a word what has become older. ``ping`` says how long it keeps.
    """

    def __init__(
        self,
        url: str,
        token: str,
        org: str,
        bucket: str,
        *,
        timeout_s: float = TIMEOUT_S,
        ca_file: Path | None = None,
    ) -> None:
        self._bucket = Bucket(url, token, org, bucket, timeout_s=timeout_s, ca_file=ca_file)
        self._newest = Newest(self._look)
        self._settlements = Settlements(lambda period: self.settled_rates(period=period))

    def write(self, points: Sequence[Point], *, before: float = math.inf) -> None:
        """Write all points, durably, before returning; see `SeriesStore.write`."""
        refused: list[tuple[Point, str]] = []
        readings: list[Reading] = []
        versions: list[Version] = []
        for point in points:
            if (reason := refusal(point)) is not None:
                refused.append((point, reason))
            elif isinstance(point, Reading):
                readings.append(point)
            else:
                versions.append(point)
        put, delete = partial(self._bucket.put, before=before), partial(self._bucket.delete, before=before)
        refused += put(readings)
        refused += self._newest.write(versions, put=put, delete=delete)
        settlements = self._settlements.sift(point for point in versions if isinstance(point, Rate))
        # A copy that is refused has been refused as a rate before, and is no more than that.
        put(settlements)
        self._settlements.written(settlements)
        if refused:
            message = f"{len(refused)} of {len(points)} points refused, the first: {refused[0][1]}"
            raise StoreRefused(message, [point for point, _ in refused])

    def look_again(self) -> None:
        """Ask the engine again what it holds; see `SeriesStore.look_again`."""
        self._newest.look_again()
        self._settlements.look_again()

    def readings(
        self, outlet: str, *, cn: str, start: datetime, end: datetime, factor: str | None = None
    ) -> list[Reading]:
        """Readings with start ≤ at < end, oldest first; ``factor`` keeps its keys only, and readings that have any."""
        condition = equal({"outlet": outlet, "cn": cn})
        if factor is not None:
            key = starts_with(tag_value(f"{factor}-"))
            condition += f' and (r._field == "{RECEIVED_AT}" or r._field =~ {key})'
        columns = ("_time", "_field", "_value", "enterprise", "county")
        parts: dict[tuple[str, str, str], dict[str, str]] = {}
        for row in self._bucket.rows("reading", start, end, condition, columns=columns):
            owner = (row["_time"], row.get("enterprise", ""), row.get("county", ""))
            parts.setdefault(owner, {})[row["_field"]] = row["_value"]
        readings: dict[datetime, Reading] = {}
        for (at, enterprise, county), fields in parts.items():
            if RECEIVED_AT not in fields:
                # Just being written: the engine shows one field after the other.
                continue
            reading = _reading(outlet, cn, at, enterprise, county, fields)
            # An outlet that has moved to another county stands in two series.
            other = readings.get(reading.at)
            readings[reading.at] = reading if other is None else _merged(other, reading)
        return [
            reading for _, reading in sorted(readings.items()) if factor is None or reading.numbers or reading.flags
        ]

    def hours(
        self, *, start: datetime, end: datetime, outlet: str | None = None, county: str | None = None
    ) -> list[Hour]:
        """Newest revision of each judged hour with start ≤ hour < end, by (hour, outlet, pollutant)."""
        condition = f' and r._field == "{LINE}"' + equal({"outlet": outlet, "county": county})
        newest: dict[tuple[datetime, str, str], Hour] = {}
        for row in self._bucket.rows("hour", start, end, condition, columns=("_value",)):
            hour = hour_from(row["_value"])
            key = (hour.hour, hour.outlet, hour.pollutant)
            # An outlet that has moved to another county stands in two series.
            if key not in newest or hour.revision >= newest[key].revision:
                newest[key] = hour
        return [newest[key] for key in sorted(newest)]

    def accounts(
        self, *, start: datetime, end: datetime, outlet: str | None = None, county: str | None = None
    ) -> list[AccountHour]:
        """Newest line of the account of each outlet and hour with start ≤ hour < end, by (hour, outlet)."""
        condition = f' and r._field == "{LINE}"' + equal({"outlet": outlet, "county": county})
        newest: dict[tuple[datetime, str], AccountHour] = {}
        for row in self._bucket.rows("account", start, end, condition, columns=("_value",)):
            line = account_from(row["_value"])
            key = (line.hour, line.outlet)
            # An outlet that has moved to another county stands in two series.
            if key not in newest or line.as_of >= newest[key].as_of:
                newest[key] = line
        return [newest[key] for key in sorted(newest)]

    def rates(
        self,
        *,
        level: str | None = None,
        window: str | None = None,
        period: str | None = None,
        track: str | None = None,
        id: str | None = None,  # noqa: A002 - the field's own name
    ) -> list[Rate]:
        """Newest rate of each (level, id, window, period, track) that fits, in that order."""
        condition = f' and r._field == "{LINE}"' + equal({"level": level, "id": id, "window": window, "track": track})
        start, end = _extent(period)
        found = (
            rate_from(row["_value"]) for row in self._bucket.rows("rate", start, end, condition, columns=("_value",))
        )
        rates = [rate for rate in found if period is None or rate.period == period]
        return sorted(rates, key=lambda rate: (rate.level, rate.id, rate.window, rate.period, rate.track))

    def settled_rates(self, *, period: str, level: str | None = None) -> list[Rate]:
        """Rates of a month as they were when it was settled, by (level, id, track)."""
        condition = f' and r._field == "{LINE}"' + equal({"level": level, "window": "month"})
        found = self._bucket.rows(MEASUREMENT, *_extent(period), condition, columns=("_value",))
        rates = [replace(rate_from(row["_value"]), kind="rate") for row in found]
        return sorted(
            (rate for rate in rates if rate.period == period), key=lambda rate: (rate.level, rate.id, rate.track)
        )

    def ping(self) -> str:
        """Name and version of the engine, the bucket, and how long it keeps what it gets."""
        return self._bucket.ping()

    def close(self) -> None:
        """Let go of the connections."""
        self._bucket.close()

    def _look(self, span: Span) -> dict[Identity, Held]:
        """What the bucket holds in a span (see `Newest`)."""
        tags = _TAGS[span.measurement]
        order_field = _ORDER_FIELD[span.measurement]
        fields = any_of("_field", (order_field, *_OPTIONAL_FIELDS[span.measurement]))
        subjects = any_of(_SUBJECT_TAG[span.measurement], [tag_value(name) for name in sorted(span.subjects)])
        found = self._bucket.rows(
            span.measurement,
            span.first,
            span.last + _MICROSECOND,
            f" and {fields} and {subjects}",
            columns=("_time", "_field", "_value", *tags),
        )
        orders: dict[Identity, int] = {}
        names: dict[Identity, set[str]] = {}
        for row in found:
            at = microseconds(datetime.fromisoformat(row["_time"]))
            identity = (span.measurement, *(name_from(row.get(tag, "")) for tag in tags), str(at))
            names.setdefault(identity, set()).add(row["_field"])
            if row["_field"] == order_field:
                orders[identity] = int(row["_value"])
        return {identity: Held(order, frozenset(names[identity])) for identity, order in orders.items()}


def _reading(outlet: str, cn: str, at: str, enterprise: str, county: str, fields: Mapping[str, str]) -> Reading:
    numbers: dict[str, float] = {}
    flags: dict[str, str] = {}
    for field, value in fields.items():
        if field == RECEIVED_AT:
            continue
        key, is_text = key_from(field)
        if is_text:
            flags[key] = text_from(value)
        else:
            numbers[key] = float(value)
    return Reading(
        outlet=outlet,
        enterprise=name_from(enterprise),
        county=name_from(county),
        cn=cn,
        at=to_beijing(datetime.fromisoformat(at)),
        received_at=from_microseconds(int(fields[RECEIVED_AT])),
        numbers=numbers,
        flags=flags,
    )


def _merged(one: Reading, other: Reading) -> Reading:
    """Both readings of one data time, the later received before the earlier."""
    earlier, later = sorted((one, other), key=lambda reading: reading.received_at)
    return replace(later, numbers={**earlier.numbers, **later.numbers}, flags={**earlier.flags, **later.flags})


def _extent(period: str | None) -> tuple[datetime, datetime]:
    """Where in time the rates of a period stand; those of no particular one: everywhere."""
    if period is None:
        return EARLIEST, LATEST
    starts = [midnight(first_day(window, period)) for window in WINDOWS if is_period(window, period)]
    return (min(starts), max(starts) + _MICROSECOND) if starts else (EARLIEST, EARLIEST)
