"""A register of a few outlets, and frames that their loggers could send."""

from datetime import datetime, timedelta

from contracts.feed import Acceptance
from emissions.beijing import BEIJING
from emissions.register import Outlet, Register
from emissions.rules import Parameters
from hj212 import encode
from ingest.intake import Intake

NOW = datetime(2026, 11, 24, 10, 0, 3, 120_000, tzinfo=BEIJING)
MN = "010000A8900016F000169DC0"


def outlet(id_, mn, *, connected_from=NOW - timedelta(days=30), must_monitor=True):
    return Outlet(
        id=id_,
        enterprise="E1",
        county="371502",
        city="371500",
        name=id_,
        mn=mn,
        category="coal",
        standard="ultra-low-2015",
        height_m=100.0,
        pollutants=("a21026",),
        connected_from=connected_from,
        must_monitor=must_monitor,
    )


def register(*outlets):
    return Register(divisions={}, enterprises={}, outlets={each.id: each for each in outlets})


TOWN = register(outlet("O1", MN), outlet("O2", "88888880000001"), outlet("O3", ""))


def intake():
    return Intake(TOWN, Acceptance(TOWN, Parameters()), gateway="gw1")


def frame(*, mn=MN, cn="2011", at=NOW, flag=5, qn="20261124100003000", value="12.40"):
    return encode.message(
        qn=qn,
        st="31",
        cn=cn,
        mn=mn,
        flag=flag,
        data_time=at if isinstance(at, str) or at is None else at.strftime("%Y%m%d%H%M%S"),
        values={"a21026": {"Rtd": value, "Flag": "N"}},
    )


def with_wrong_checksum(data):
    body = data.rstrip(b"\r\n")
    return body[:-4] + (b"0000" if body[-4:] != b"0000" else b"1111")
