from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerts.attachments import Limits
from alerts.escalation import CAUSES, Terms, climb
from alerts.grouping import INHIBITIONS, Flapping, Grouping
from alerts.ladder import Ladder
from alerts.names import names_of
from alerts.notifiers.targets import Targets
from alerts.policy import load_policy
from emissions.register import Division, Enterprise, Outlet, Register
from rulebook.errors import BadFile
from rulebook.loader import SHIPPED


def test_the_shipped_rulebook_has_the_terms_of_the_rules() -> None:
    policy = load_policy()
    assert policy.terms == Terms()
    assert policy.channels == []


def test_channels_and_deadlines_come_from_the_rulebook(tmp_path: Path) -> None:
    text = (SHIPPED / "escalation.yaml").read_text(encoding="utf-8")
    (tmp_path / "escalation.yaml").write_text(text.replace("value: 30\n    unit: min", "value: 20\n    unit: min"))
    (tmp_path / "token").write_text("wecom://secret/1/2\n")
    (tmp_path / "channels.yaml").write_text(
        f"channels:\n  - {{name: inspectors, url_file: {tmp_path}/token, levels: [county_head], language: en}}\n"
    )
    policy = load_policy(tmp_path, webhook_url=SecretStr("https://hook/"))
    assert policy.terms.acknowledge_severe_within == timedelta(minutes=20)
    inspectors, webhook = policy.channels
    assert (inspectors.notifier, inspectors.url, inspectors.language) == ("apprise", "wecom://secret/1/2", "en")
    assert list(inspectors.levels) == ["county_head"]
    assert (webhook.name, webhook.notifier, webhook.url) == ("webhook", "webhook", "https://hook/")
    assert load_policy(tmp_path, webhook_url=SecretStr("json://x")).channels[1].notifier == "apprise"


def test_a_rulebook_that_is_wrong_says_where(tmp_path: Path) -> None:
    (tmp_path / "escalation.yaml").write_bytes((SHIPPED / "escalation.yaml").read_bytes())
    (tmp_path / "channels.yaml").write_text("channels:\n  - {name: a}\n")
    with pytest.raises(BadFile, match=r"channels\.yaml"):
        load_policy(tmp_path)


@pytest.mark.parametrize(
    ("step", "next_step"),
    [
        pytest.param("a", "b", id="one up"),
        pytest.param("c", "c", id="the top stays"),
        pytest.param("x", "c", id="a step that the ladder lost becomes the top"),
    ],
)
def test_climb(step: str, next_step: str) -> None:
    assert climb(("a", "b", "c"), step) == next_step


def test_names() -> None:
    outlet = Outlet(
        id="o1",
        enterprise="e1",
        county="371502",
        city="371500",
        name="1号炉",
        mn="m",
        category="coal",
        standard="s",
        height_m=None,
    )
    register = Register(
        divisions={"371502": Division(code="371502", name="东昌府区", parent="371500")},
        enterprises={"e1": Enterprise(id="e1", name="示例热电", county="371502", industry="power")},
        outlets={"o1": outlet},
    )
    name_of = names_of(register)
    assert [name_of(code) for code in ("371502", "e1", "o1", "other")] == [
        "东昌府区",
        "示例热电",
        "示例热电 1号炉",
        "other",
    ]


def test_the_shipped_rulebook_has_the_numbers_that_the_desk_assumes() -> None:
    policy = load_policy()
    assert (policy.grouping, policy.flapping, policy.ladder) == (Grouping(), Flapping(), Ladder())
    assert tuple(policy.inhibitions) == INHIBITIONS
    assert policy.attachments == Limits()
    assert set(policy.causes) == set(CAUSES)
    assert policy.causes["monitor_fault"] == ("监测设备故障", "fault of the monitor")
    assert policy.targets == Targets()


def test_an_older_rulebook_without_the_desks_sections_still_works(tmp_path: Path) -> None:
    text = (SHIPPED / "escalation.yaml").read_text(encoding="utf-8")
    (tmp_path / "escalation.yaml").write_text(text[: text.index("severity:\n  lower_after")], encoding="utf-8")
    (tmp_path / "channels.yaml").write_bytes((SHIPPED / "channels.yaml").read_bytes())
    policy = load_policy(tmp_path)
    assert policy.terms == Terms()
    assert (policy.grouping, policy.ladder) == (Grouping(), Ladder())


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        pytest.param(
            "listed:\n    value: 1000", "listed:\n    value: -1", "grouping.listed.value", id="a count below none"
        ),
        pytest.param("{id: other, zh", "{id: monitor_fault, zh", "each cause once", id="a cause twice"),
        pytest.param(
            "{id: other, zh", "{id: Other Things, zh", r"causes\[8\].id", id="a cause with a name that is no id"
        ),
        pytest.param(
            "steps: [fine_at_once,", "steps: [fine_at_once, fine_at_once,", "each entry once", id="a step twice"
        ),
        pytest.param("subject: county}", "subject: planet}", r"inhibitions\[0\].while.subject", id="no such subject"),
        pytest.param("unit: MB", "unit: TB", "attachments.largest.unit", id="a size nobody has"),
    ],
)
def test_what_is_wrong_with_the_desks_sections_is_named(tmp_path: Path, before: str, after: str, says: str) -> None:
    text = (SHIPPED / "escalation.yaml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "escalation.yaml").write_text(text.replace(before, after, 1), encoding="utf-8")
    (tmp_path / "channels.yaml").write_bytes((SHIPPED / "channels.yaml").read_bytes())
    with pytest.raises(BadFile, match=says):
        load_policy(tmp_path)


def test_a_webhooks_secret_and_the_networks_inside(tmp_path: Path) -> None:
    (tmp_path / "escalation.yaml").write_bytes((SHIPPED / "escalation.yaml").read_bytes())
    (tmp_path / "secret").write_text("hush\n")
    (tmp_path / "channels.yaml").write_text(
        'networks: ["10.20.0.0/16"]\nchannels:\n'
        f"  - {{name: hook, notifier: webhook, url: 'https://x.example/', secret_file: {tmp_path}/secret}}\n"
    )
    policy = load_policy(tmp_path, webhook_networks="127.0.0.1, ::1")
    assert policy.channels[0].secret == "hush"
    assert "hush" not in repr(policy)
    assert [str(network) for network in policy.targets.inside] == ["10.20.0.0/16", "127.0.0.1/32", "::1/128"]
    with pytest.raises(ValueError, match="castle"):
        load_policy(tmp_path, webhook_networks="the castle")


def test_who_does_not_send_knows_the_channels_and_none_of_their_secrets(tmp_path: Path) -> None:
    (tmp_path / "escalation.yaml").write_bytes((SHIPPED / "escalation.yaml").read_bytes())
    (tmp_path / "channels.yaml").write_text(
        "channels:\n"
        "  - {name: hook, notifier: webhook, url_file: /nowhere/url, secret_file: /nowhere/secret, language: en}\n"
        "  - {name: robot, url: 'wecombot://hush'}\n"
    )
    policy = load_policy(tmp_path, webhook_url=SecretStr(""), sending=False)
    assert [(channel.name, channel.language) for channel in policy.channels] == [
        ("hook", "en"),
        ("robot", "zh"),
        ("webhook", "zh"),
    ]
    assert {(channel.url, channel.secret) for channel in policy.channels} == {("", "")}
    with pytest.raises(OSError, match="nowhere"):
        load_policy(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("networks: [the castle]\nchannels: []\n", "a network such as", id="a network that is none"),
        pytest.param(
            "channels:\n  - {name: a, url: 'wecombot://x', secret_file: /run/x}\n", "webhook", id="a secret for a robot"
        ),
    ],
)
def test_channels_that_cannot_be(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "escalation.yaml").write_bytes((SHIPPED / "escalation.yaml").read_bytes())
    (tmp_path / "channels.yaml").write_text(text)
    with pytest.raises(BadFile, match=says):
        load_policy(tmp_path)
