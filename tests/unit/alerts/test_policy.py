from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerts.escalation import Terms, climb
from alerts.names import names_of
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
