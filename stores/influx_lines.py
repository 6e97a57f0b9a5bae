"""InfluxDB's line protocol: one point, one line. Names are those of the published measurements."""

import re
from collections.abc import Mapping
from datetime import datetime

from emissions.account import COLUMNS, AccountHour
from emissions.beijing import midnight
from emissions.hourly import Hour
from emissions.periods import first_day
from emissions.reading import Reading
from emissions.transmission import Rate
from stores.lines import line_of, microseconds
from stores.port import Point

Value = float | int | bool | str

RECEIVED_AT = "received_at"
LINE = "line"
"""The whole hour, rate or line of the account as JSON; the other fields repeat parts of it for dashboards."""

_TEXT_MARK = "%text"
_NUMBER_MARK = "%number"
"""Marks of the rarer type under a key; no encoded key holds a percent sign before a letter."""

_ENCODED = str.maketrans({"%": "%25", "\\": "%5C"})
"""The protocol cannot tell an own backslash from one that escapes, so tags and field names go without."""
_ESCAPED = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})
_ONE_LINE = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
"""Answers come as CSV, in which the engine turns every line end into one of its own."""
_LINE_END = re.compile(r"\\(.)")
_QUOTED = str.maketrans({'"': '\\"', "\\": "\\\\"})


def tag_value(name: str) -> str:
    """A name as it stands in a tag or as a field's name: as it is, but for backslash and percent sign."""
    return name.translate(_ENCODED)


def name_from(tag: str) -> str:
    """The name of a tag's value: inverse of `tag_value`."""
    return tag.replace("%5C", "\\").replace("%25", "%")


def text_from(value: str) -> str:
    """The text of a reading's field as it was before it was stored."""
    return _LINE_END.sub(lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), value)


def number_field(key: str) -> str:
    """Field of a number. A field has one type for ever, so a number under a flag's key gets one of its own."""
    return tag_value(key) + (_NUMBER_MARK if _is_flag(key) else "")


def text_field(key: str) -> str:
    """Field of a flag or another text; texts under keys that also carry numbers are marked."""
    return tag_value(key) + ("" if _is_flag(key) else _TEXT_MARK)


def key_from(field: str) -> tuple[str, bool]:
    """Key of a reading's field, and whether it holds a text."""
    if field.endswith(_TEXT_MARK):
        return name_from(field.removesuffix(_TEXT_MARK)), True
    if field.endswith(_NUMBER_MARK):
        return name_from(field.removesuffix(_NUMBER_MARK)), False
    key = name_from(field)
    return key, _is_flag(key)


def _is_flag(key: str) -> bool:
    return key.endswith("-Flag")


def moment_of(point: Point) -> datetime:
    """Data time: the sample or start of the period, of the hour, of the rate's period."""
    match point:
        case Reading():
            return point.at
        case Hour() | AccountHour():
            return point.hour
        case Rate():
            return midnight(first_day(point.window, point.period))


def tags_of(point: Point) -> dict[str, str]:
    """Tags, by name; with the measurement they say which series the point belongs to."""
    match point:
        case Reading():
            return {"outlet": point.outlet, "enterprise": point.enterprise, "county": point.county, "cn": point.cn}
        case Hour():
            return {"outlet": point.outlet, "county": point.county, "pollutant": point.pollutant}
        case Rate():
            return {"level": point.level, "id": point.id, "window": point.window, "track": point.track}
        case AccountHour():
            return {"outlet": point.outlet, "county": point.county}


def fields_of(point: Point) -> dict[str, Value]:
    """Fields that have a value, by name."""
    fields: dict[str, Value | None]
    match point:
        case Reading():
            return {
                RECEIVED_AT: microseconds(point.received_at),
                **{number_field(key): float(number) for key, number in point.numbers.items()},
                **{text_field(key): text.translate(_ONE_LINE) for key, text in point.flags.items()},
            }
        case Hour():
            fields = {
                "raw": _float(point.raw_mg_m3),
                "converted": _float(point.converted_mg_m3),
                "limit": _float(point.limit_mg_m3),
                "state": point.state,
                "reason": point.reason,
                "verdict": point.verdict,
                "in_time": point.in_time,
                "revision": point.revision,
                LINE: line_of(point),
            }
        case Rate():
            fields = {
                "period": point.period,
                "due": point.due,
                "excluded": point.excluded,
                "expected": point.expected,
                "received": point.received,
                "valid": point.valid,
                "transmission_pct": _float(point.transmission_pct),
                "validity_pct": _float(point.validity_pct),
                "effective_pct": _float(point.effective_pct),
                "as_of": microseconds(point.as_of),
                "settled": point.settled,
                LINE: line_of(point),
            }
        case AccountHour():
            fields = {name: getattr(point, name) for name in COLUMNS}
            fields |= {"as_of": microseconds(point.as_of), LINE: line_of(point)}
    return {name: value for name, value in fields.items() if value is not None}


def to_line(point: Point) -> str:
    """The point as one line of the protocol. It must have been admitted (`stores.admission`)."""
    tags = "".join(f",{name}={tag_value(value).translate(_ESCAPED)}" for name, value in tags_of(point).items() if value)
    nanoseconds = microseconds(moment_of(point)) * 1000
    return f"{point.kind}{tags} {_fields(fields_of(point))} {nanoseconds}"


def _fields(fields: Mapping[str, Value]) -> str:
    return ",".join(f"{name.translate(_ESCAPED)}={_value(value)}" for name, value in fields.items())


def _value(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value}i"
        case float():
            return repr(value)
        case str():
            return f'"{value.translate(_QUOTED)}"'


def _float(number: float | None) -> float | None:
    return None if number is None else float(number)
