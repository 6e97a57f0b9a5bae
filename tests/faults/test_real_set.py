"""Every fault on Apache Kafka, Mosquitto, InfluxDB and PostgreSQL."""

import pytest

from tests.faults.fault_suite import FaultSuite

# A machine that has no engines yet gets and builds them here.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


class TestRealSet(FaultSuite):
    ENGINES = "real"
