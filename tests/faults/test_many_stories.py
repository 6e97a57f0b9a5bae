"""The long form of the desk's state machine: many more stories, and longer ones."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.alerts.test_alert_machine import Inspection

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


def test_three_hundred_stories_of_alerts_cases_proposals_and_work_orders() -> None:
    many = settings(
        max_examples=300, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    run_state_machine_as_test(Inspection, settings=many)
