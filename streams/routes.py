"""Which topic, key and partition each output goes to. Lines of one outlet keep their order."""

from dataclasses import dataclass, field
from functools import lru_cache
from zlib import crc32

from contracts.codec import Message
from contracts.topics import (
    ACCOUNT,
    CITY,
    COUNTS,
    FINDINGS,
    HOURS,
    QUARANTINE,
    RATES,
    READINGS,
    Topic,
    county_partition,
)
from emissions.account import AccountHour, Counted, Numbered, Passed
from emissions.finding import Case, Finding, Rejected
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.transmission import Called, Rate


@dataclass(frozen=True, slots=True)
class Address:
    """Where a line goes. Lines with equal addresses travel in one Kafka message, in order."""

    topic: str
    partition: int
    bundle: str
    """What else the lines of one message have in common; empty where sharing the partition is enough."""
    key: bytes = field(compare=False)
    """Key of the message: that of its first line."""


def of_judging(message: Message) -> list[Address]:
    """Outputs of the outlets' folds: hours, rates and calls together, since the county reads them in one order.

    Readings of many outlets share a message: they are the most numerous, and what costs is the message.
    """
    match message:
        case Reading(outlet=outlet):
            return [_of_outlet(READINGS, outlet)]
        case Hour() | Called() | Rate():
            return [_of_county(HOURS, message.county)]
        case Finding():
            return [_of_county(FINDINGS, message.county)]
        case Passed():
            # Behind the outlet's readings, so that storing knows when it is past them.
            return [_of_outlet(COUNTS, message.outlet), _of_outlet(READINGS, message.outlet)]
        case Counted() | Numbered():
            return [_of_outlet(COUNTS, message.outlet)]
    return refusals(message)


def of_storing(message: Message) -> list[Address]:
    """Outputs of the storing stages: what they have stored, and what the store refused."""
    match message:
        case Counted() | Passed():
            return [_of_outlet(COUNTS, message.outlet)]
    return refusals(message)


def of_accounting(message: Message) -> list[Address]:
    """Outputs of the outlets' accounts."""
    match message:
        case AccountHour():
            return [_of_county(ACCOUNT, message.county)]
        case Finding():
            return [_of_county(FINDINGS, message.county)]
    return refusals(message)


def of_supervising(message: Message) -> list[Address]:
    """Outputs of the counties' and cities' folds; a county's rates go to its city as well."""
    match message:
        case Rate() if message.level == "county" and message.city:
            return [_of_county(RATES, message.county), Address(CITY.name, 0, message.city, message.city.encode())]
        case Rate():
            return [_of_county(RATES, message.county or message.city)]
        case Finding() | Case():
            return [_of_county(FINDINGS, message.county)]
    return refusals(message)


def refusals(message: Message) -> list[Address]:
    """Lines that were not accepted; nothing else has an address here."""
    return [Address(QUARANTINE.name, 0, message.mn, message.mn.encode())] if isinstance(message, Rejected) else []


@lru_cache(maxsize=100_000)
def _of_outlet(topic: Topic, outlet: str) -> Address:
    key = outlet.encode()
    return Address(topic.name, crc32(key) % topic.partitions, "", key)


def _of_county(topic: Topic, county: str) -> Address:
    return Address(topic.name, county_partition(county) % topic.partitions, county, county.encode())
