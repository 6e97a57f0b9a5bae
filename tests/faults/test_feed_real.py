"""Poison, late data and wrong clocks on Apache Kafka, Mosquitto, InfluxDB and PostgreSQL."""

import pytest

from tests.faults.feed_suite import FeedSuite


@pytest.mark.long
@pytest.mark.timeout(1800)
class TestFeed(FeedSuite):
    """Put into one running system."""

    ENGINES = "real"
