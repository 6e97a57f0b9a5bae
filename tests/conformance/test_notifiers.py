"""Every notifier delivers, or says that it did not, within a bounded time and without giving away its address."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from alerts.notifiers import NOTIFIERS, NotDelivered, Notice, Notifier
from alerts.notifiers.targets import Targets, networks
from tests.conformance.endpoint import Endpoint, endpoint

NOTICE = Notice(
    event_id="f1:1",
    county="371502",
    kind="alert",
    id="f1",
    event="raised",
    severity="severe",
    title="[严重] 小时均值超标",
    body="二氧化硫 40.00 mg/m³，限值 35 mg/m³\n自 2026-11-24 10:00",
)
# Apprise imports all of its services at once, and an optional library of one of them is behind its time.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

IMPATIENT = "cto=1&rto=0.3"


@dataclass(frozen=True)
class Subject:
    """One notifier and an address of it that leads to the local endpoint."""

    name: str
    scheme: str

    def open(self, at: Endpoint) -> Notifier:
        return NOTIFIERS[self.name](f"{at.url(self.scheme)}?{IMPATIENT}", targets=HERE)


HERE = Targets(networks(["127.0.0.0/8"]))
"""Where the endpoint is; no notice goes there unless it is named."""

SUBJECTS = [Subject("apprise", "json"), Subject("webhook", "http")]


@pytest.fixture(params=SUBJECTS, ids=lambda subject: subject.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    return request.param


@pytest.fixture
def listening() -> Iterator[Endpoint]:
    with endpoint() as at:
        yield at


def test_every_notifier_of_the_registry_is_examined_here() -> None:
    assert {subject.name for subject in SUBJECTS} == set(NOTIFIERS)


def test_a_notice_arrives_whole(subject: Subject, listening: Endpoint) -> None:
    subject.open(listening).send(NOTICE)
    (body,) = listening.received
    assert (body["title"], body["message"]) == (NOTICE.title, NOTICE.body)


@pytest.mark.parametrize("severity", ["info", "warning", "severe"])
def test_every_severity_goes_out(subject: Subject, listening: Endpoint, severity: str) -> None:
    notice = Notice(**{name: getattr(NOTICE, name) for name in NOTICE.__slots__} | {"severity": severity})
    subject.open(listening).send(notice)
    assert len(listening.delivered) == 1


@pytest.mark.parametrize("status", [500, 503, 429, 404])
def test_a_refusal_is_told_and_the_next_attempt_may_succeed(subject: Subject, listening: Endpoint, status: int) -> None:
    listening.answers.append(status)
    notifier = subject.open(listening)
    with pytest.raises(NotDelivered, match=str(status)) as caught:
        notifier.send(NOTICE)
    assert "hush" not in str(caught.value)
    notifier.send(NOTICE)
    assert len(listening.delivered) == 1


def test_nobody_there(subject: Subject) -> None:
    with endpoint() as gone:
        notifier = subject.open(gone)
    with pytest.raises(NotDelivered) as caught:
        notifier.send(NOTICE)
    assert "hush" not in str(caught.value)


def test_one_that_never_answers_is_left_in_time(subject: Subject, listening: Endpoint) -> None:
    listening.silent = True
    began = time.monotonic()
    with pytest.raises(NotDelivered):
        subject.open(listening).send(NOTICE)
    assert time.monotonic() - began < 5


def test_the_reason_is_that_of_this_channel_and_not_of_another(subject: Subject) -> None:
    with endpoint([500] * 20) as one, endpoint([404] * 20) as other:
        reasons: dict[int, list[str]] = {500: [], 404: []}

        def send(notifier: Notifier, into: list[str]) -> None:
            for _ in range(20):
                with pytest.raises(NotDelivered) as caught:
                    notifier.send(NOTICE)
                into.append(str(caught.value))

        work: list[Callable[[], None]] = [
            lambda: send(subject.open(one), reasons[500]),
            lambda: send(subject.open(other), reasons[404]),
        ]
        threads = [threading.Thread(target=job) for job in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all("500" in reason and "404" not in reason for reason in reasons[500])
    assert all("404" in reason and "500" not in reason for reason in reasons[404])
    assert len(reasons[500]) == len(reasons[404]) == 20


@pytest.mark.parametrize("url", ["nonsense://x/hush", "hush"])
def test_an_address_it_cannot_use_is_refused_at_the_start(subject: Subject, url: str) -> None:
    with pytest.raises(ValueError, match="scheme") as caught:
        NOTIFIERS[subject.name](url)
    assert "hush" not in str(caught.value)


def test_a_webhook_says_what_it_is_about(listening: Endpoint) -> None:
    NOTIFIERS["webhook"](f"{listening.url('http')}?{IMPATIENT}", targets=HERE).send(NOTICE)
    (body,) = listening.received
    about = {name: body[name] for name in ("event_id", "county", "kind", "id", "event", "severity")}
    assert about == {name: getattr(NOTICE, name) for name in about}


def test_no_redirect_is_followed(subject: Subject, listening: Endpoint) -> None:
    with endpoint() as elsewhere:
        listening.answers.append(307)
        listening.location = f"http://127.0.0.1:{elsewhere.port}/inside"
        with pytest.raises(NotDelivered, match="307"):
            subject.open(listening).send(NOTICE)
    assert elsewhere.received == []


def test_a_target_inside_is_refused_unless_its_network_is_named(subject: Subject, listening: Endpoint) -> None:
    notifier = NOTIFIERS[subject.name](f"{listening.url(subject.scheme)}?{IMPATIENT}")
    with pytest.raises(NotDelivered, match=r"127\.0\.0\.1.*not public"):
        notifier.send(NOTICE)
    assert listening.received == []
