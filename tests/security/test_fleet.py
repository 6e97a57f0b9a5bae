"""The simulated fleet plays against a broker that lets in nobody without a credential: onboarding, from end to end."""

import asyncio

import pytest

from ingest.devices.store import DeviceStore
from rulebook.register import load_register
from stackwatch.cli import run
from stackwatch.settings import Settings
from stackwatch.verbs.simulate import _mqtt
from tests.security.broker import mosquitto_of_the_manifests
from tests.security.conftest import LOGINS, Authority


async def test_a_fleet_gets_its_credentials_from_the_register_and_is_let_in(
    authority: Authority, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register, devices = tmp_path / "register", tmp_path / "devices"
    monkeypatch.setenv("STACKWATCH_REGISTER", str(register))
    monkeypatch.setenv("STACKWATCH_DEVICES", str(devices))
    for verb in (
        ["simulate", "quiet", "--register", str(register)],
        ["device", "ca"],
        ["device", "add", "--all"],
        ["device", "list"],
    ):
        assert await asyncio.to_thread(run, verb) == 0, verb
    mns = [outlet.mn for outlet in load_register(register).outlets.values() if outlet.mn]
    with mosquitto_of_the_manifests(
        tmp_path / "broker",
        logins=LOGINS,
        devices=DeviceStore(devices).for_mosquitto,
        tls=authority.server("fleet", "127.0.0.1"),
    ) as broker:
        settings = Settings(mqtt=f"mqtts://127.0.0.1:{broker.ports[8883]}", mqtt_ca_file=authority.file)
        wire = _mqtt(settings, devices / "handed-out")
        try:
            await wire.open(mns, lambda _mn, _frame: None)
            async with asyncio.timeout(30):
                await asyncio.gather(*(wire.send(mn, b"frame") for mn in mns))
        finally:
            await wire.close()
    assert mns
