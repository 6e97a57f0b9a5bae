"""Where a webhook may lead."""

import socket
from ipaddress import ip_address

import pytest

from alerts.notifiers import NotDelivered
from alerts.notifiers.targets import Targets, networks


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        pytest.param("8.8.8.8", True, id="a public address"),
        pytest.param("2001:4860:4860::8888", True, id="a public address of version 6"),
        pytest.param("127.0.0.1", False, id="this machine"),
        pytest.param("::1", False, id="this machine, version 6"),
        pytest.param("10.1.2.3", False, id="a private network"),
        pytest.param("192.168.0.9", False, id="another private network"),
        pytest.param("169.254.169.254", False, id="a cloud's metadata service"),
        pytest.param("fe80::1", False, id="the link alone"),
        pytest.param("fd00::1", False, id="a private network of version 6"),
        pytest.param("100.64.0.1", False, id="a carrier's network"),
        pytest.param("0.0.0.0", False, id="no address"),
        pytest.param("::ffff:127.0.0.1", False, id="this machine in the clothes of version 6"),
        pytest.param("224.0.0.1", False, id="a group"),
        pytest.param("10.20.3.4", True, id="a network that was named"),
        pytest.param("::ffff:10.20.3.4", True, id="a network that was named, in the clothes of version 6"),
    ],
)
def test_allowed(address: str, allowed: bool) -> None:
    assert Targets(networks(["10.20.0.0/16"])).allows(ip_address(address)) is allowed


def test_one_address_inside_spoils_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 443)) for host in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(NotDelivered, match=r"10\.0\.0\.1"):
        Targets().resolve("two-faced.example", 443)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found[:1])
    assert Targets().resolve("plain.example", 443) == "8.8.8.8"


def test_a_host_that_nobody_knows() -> None:
    with pytest.raises(NotDelivered, match="not known"):
        Targets().resolve("nobody.invalid", 443)


def test_a_network_that_is_none() -> None:
    with pytest.raises(ValueError, match="castle"):
        networks(["the castle"])
