"""Each channel of the issue speaks to a real endpoint on this machine: robots, mail, MQTT, signed webhooks."""

import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from apprise.plugins import dingtalk, feishu, wecombot
from paho.mqtt.enums import CallbackAPIVersion

from alerts.notifiers import NOTIFIERS, NotDelivered
from alerts.notifiers.webhook import EVENT, SIGNATURE, TIMESTAMP, Webhook, verified
from stackwatch.embedded.nats import mqtt_broker
from tests.conformance.endpoint import Endpoint, endpoint
from tests.conformance.mailbox import mailbox
from tests.conformance.test_notifiers import HERE, NOTICE

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
SECRET = "thirty-two letters of a secret, ha"

ROBOTS = [
    pytest.param(wecombot.NotifyWeComBot, "wecombot://0123456789abcdef", {"errcode": 0, "errmsg": "ok"}, id="WeCom"),
    pytest.param(dingtalk.NotifyDingTalk, f"dingtalk://{'a' * 64}", {"errcode": 0, "errmsg": "ok"}, id="DingTalk"),
    pytest.param(feishu.NotifyFeishu, "feishu://0123456789abcdef", {"code": 0, "msg": "success"}, id="Feishu"),
]


@pytest.fixture
def listening() -> Iterator[Endpoint]:
    with endpoint() as at:
        yield at


@pytest.mark.parametrize(("plugin", "url", "taken"), ROBOTS)
def test_a_robot_gets_the_notice_and_a_refusal_in_its_answer_counts(
    plugin: type, url: str, taken: dict, listening: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "notify_url", _Address(f"http://127.0.0.1:{listening.port}/robot"))
    notifier = NOTIFIERS["apprise"](url)
    listening.says = taken
    notifier.send(NOTICE)
    said = json.dumps(listening.delivered[-1], ensure_ascii=False)
    assert NOTICE.title in said
    assert "40.00 mg/m³" in said

    listening.says = {name: (310000 if value == 0 else "keywords not in content") for name, value in taken.items()}
    with pytest.raises(NotDelivered, match=r"310000.*keywords"):
        notifier.send(NOTICE)

    listening.answers.append(503)
    with pytest.raises(NotDelivered, match="503"):
        notifier.send(NOTICE)


class _Address(str):
    """The robot's address, whatever key or token is put into it."""

    __slots__ = ()

    def format(self, *_values: object, **_named: object) -> str:
        return str(self)


def test_mail_arrives_with_title_and_body() -> None:
    with mailbox() as box:
        url = f"mailto://desk:hush@127.0.0.1:{box.port}?from=stackwatch@example.org&to=wang@example.org&mode=insecure"
        notifier = NOTIFIERS["apprise"](url)
        notifier.send(NOTICE)
        (letter,) = box.letters
        assert letter["Subject"] == NOTICE.title
        assert "wang@example.org" in letter["To"]
        body = letter.get_body(("plain", "html"))
        assert body is not None
        assert "40.00 mg/m³" in body.get_content()
        box.refuses = True
        with pytest.raises(NotDelivered) as caught:
            notifier.send(NOTICE)
        assert "hush" not in str(caught.value)


def test_mqtt_carries_a_notice_to_a_topic(tmp_path: Path) -> None:
    with mqtt_broker(tmp_path / "broker") as broker:
        heard: queue.Queue[str] = queue.Queue()
        ready = threading.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="listener")
        client.on_connect = lambda c, *_: c.subscribe("desk/371502", qos=1)
        client.on_subscribe = lambda *_: ready.set()
        client.on_message = lambda _c, _d, message: heard.put(message.payload.decode())
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        try:
            assert ready.wait(20)
            NOTIFIERS["apprise"](f"mqtt://127.0.0.1:{broker.port}/desk/371502?qos=1").send(NOTICE)
            said = heard.get(timeout=60)
        finally:
            client.disconnect()
            client.loop_stop()
    assert NOTICE.title in said
    assert "40.00 mg/m³" in said


def test_a_webhook_is_signed_and_its_receiver_can_tell(listening: Endpoint) -> None:
    hook = Webhook(f"http://127.0.0.1:{listening.port}/in?queue=1", secret=SECRET, targets=HERE, wall=lambda: NOW)
    hook.send(replace(NOTICE, ids=("f1", "f2")))
    (headers,), (raw,), (body,) = listening.headers, listening.raw, listening.received
    given = headers[SIGNATURE.lower()]
    timestamp = headers[TIMESTAMP.lower()]
    assert verified(SECRET, timestamp, raw, given, now=NOW)
    assert verified(SECRET, timestamp, raw, given, now=NOW + timedelta(minutes=5))
    assert not verified(SECRET, timestamp, raw, given, now=NOW + timedelta(minutes=6)), "played again later"
    assert not verified(SECRET, str(int(timestamp) + 360), raw, given, now=NOW + timedelta(minutes=6)), (
        "made to look new"
    )
    assert not verified(SECRET, timestamp, raw.replace(b"f1", b"f9", 1), given, now=NOW), "changed on the way"
    assert not verified("another secret", timestamp, raw, given, now=NOW)
    assert not verified(SECRET, "soon", raw, given, now=NOW)
    assert headers[EVENT.lower()] == body["event_id"] == "f1:1"
    assert body["ids"] == ["f1", "f2"]
    assert listening.paths == ["/in?queue=1"]
    assert headers["host"] == f"127.0.0.1:{listening.port}"
    assert "authorization" not in headers


def test_a_webhook_without_a_secret_is_not_signed_and_logs_in_if_it_is_told_to(listening: Endpoint) -> None:
    Webhook(listening.url("http"), targets=HERE).send(NOTICE)
    (headers,) = listening.headers
    assert SIGNATURE.lower() not in headers
    assert headers["authorization"].startswith("Basic ")
