"""Which topic, key and partition each output goes to. Lines of one outlet keep their order."""

from contracts.codec import Message
from contracts.topics import (
    CITY,
    FINDINGS,
    HOURS,
    QUARANTINE,
    RATES,
    READINGS,
    Topic,
    county_partition,
    shard_partition,
)
from emissions.finding import Case, Finding, Rejected
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.transmission import Called, Rate

Address = tuple[Topic, bytes, int]
"""Topic, key and partition."""


def of_judging(message: Message) -> list[Address]:
    """Outputs of the outlets' folds: hours, rates and calls together, since the county reads them in one order."""
    match message:
        case Reading():
            return [(READINGS, message.outlet.encode(), shard_partition(message.outlet) % READINGS.partitions)]
        case Hour() | Called() | Rate():
            return [_of_county(HOURS, message.county)]
        case Finding():
            return [_of_county(FINDINGS, message.county)]
    return _refused(message)


def of_supervising(message: Message) -> list[Address]:
    """Outputs of the counties' and cities' folds; a county's rates go to its city as well."""
    match message:
        case Rate() if message.level == "county" and message.city:
            return [_of_county(RATES, message.county), (CITY, message.city.encode(), 0)]
        case Rate():
            return [_of_county(RATES, message.county or message.city)]
        case Finding() | Case():
            return [_of_county(FINDINGS, message.county)]
    return _refused(message)


def _refused(message: Message) -> list[Address]:
    return [(QUARANTINE, message.mn.encode(), 0)] if isinstance(message, Rejected) else []


def _of_county(topic: Topic, county: str) -> Address:
    return topic, county.encode(), county_partition(county) % topic.partitions
