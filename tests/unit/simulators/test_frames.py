"""Reports as bytes, read back by the codec and by the acceptance of the feed."""

from datetime import datetime

import pytest

from contracts.feed import Acceptance, answer_to, packet_line
from emissions.finding import Rejected
from emissions.register import Outlet, Register
from emissions.rules import Parameters
from hj212.decode import decode
from hj212.message import Message
from simulators.faults import FAULTS, ReportFault
from simulators.frames import expected_answer, frame_of
from tests.unit.simulators.reports import HOUR, MINUTE, T0, hour_report, minute_report, through


def accepted(report):
    outlet = Outlet(
        id="371502-01-1",
        enterprise="371502-01",
        county="371502",
        city="371500",
        name="",
        mn=hour_report().mn,
        category="coal",
        standard="ultra-low-2015",
        height_m=100,
    )
    register = Register(divisions={}, enterprises={}, outlets={outlet.id: outlet})
    return Acceptance(register, Parameters()).examine(packet_line(report.at, report.mn, frame_of(report)))


@pytest.mark.parametrize("edition", [2005, 2017, 2025])
def test_every_edition_decodes_to_what_was_meant(edition):
    report = hour_report(edition=edition, qn=None if edition == 2005 else hour_report().qn, backfill=edition == 2025)
    message = decode(frame_of(report))
    assert isinstance(message, Message)
    assert message.edition == edition
    assert message.rf == ("1" if edition == 2025 else None)
    assert accepted(report).event.values == report.values


@pytest.mark.parametrize("cn", ["2011", "2051", "2061", "2031", "2081", "9015"])
@pytest.mark.parametrize("edition", [2005, 2017, 2025])
def test_the_platform_answers_what_the_simulator_expects(cn, edition):
    report = hour_report(cn=cn, edition=edition, qn=None if edition == 2005 else hour_report().qn)
    answer = answer_to(accepted(report))
    assert expected_answer(report) == ("" if answer is None else decode(answer).cn)


@pytest.mark.parametrize("name", sorted(name for name, fault in FAULTS.items() if isinstance(fault, ReportFault)))
@pytest.mark.parametrize("edition", [2005, 2017, 2025])
def test_the_platform_refuses_for_the_reason_that_the_fault_names(name, edition):
    qn: datetime | None = None if edition == 2005 else T0 + HOUR
    for made in (hour_report(edition=edition, qn=qn), minute_report(edition=edition, qn=qn)):
        for report in through(name, made, T0, T0 + 70 * MINUTE):
            examined = accepted(report)
            event = examined.event
            assert (event.reason if isinstance(event, Rejected) else "") == report.refused
            answer = answer_to(examined)
            assert expected_answer(report) == ("" if answer is None else decode(answer).cn)
