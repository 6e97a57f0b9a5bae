"""How a paho client is made that keeps to our ways: acknowledged by hand, bounded, its session known by its id."""

from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.mqtt_address import MqttAddress

KEEPALIVE_S = 60
CONNECT_TIMEOUT_S = 5.0

SESSION_EXPIRY_S = 7 * 86_400
"""MQTT 5: so long the broker keeps what a client that is away has not acknowledged."""

OUTGOING = 4000
"""Own messages that wait for the broker's PUBACK at a time. ``MqttLink`` keeps to it."""


def make_client(address: MqttAddress, *, client_id: str, keep_session: bool, receive_maximum: int) -> paho.Client:
    """A client that is not connected yet, with the broker's address in it and no callbacks.

    Args:
        address: The broker.
        client_id: Fixed, so that the broker knows the session again.
        keep_session: Whether the broker keeps messages while we are away.
        receive_maximum: MQTT 5: unacknowledged messages that the broker may have under way.
    """
    v5 = address.protocol == MQTTProtocolVersion.MQTTv5
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if v5 else not keep_session,
        protocol=MQTTProtocolVersion(address.protocol),
        manual_ack=True,
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_TIMEOUT_S
    # paho's own window looks through all that waits at each PUBACK, and says yes to what it then only queues.
    client.max_inflight_messages_set(0)
    client.max_queued_messages_set(2 * OUTGOING)
    if address.username:
        client.username_pw_set(address.username, address.password or None)
    if (trust := address.trust) is not None:
        client.tls_set_context(trust)
    properties: dict[str, Any] = {}
    if v5:
        wishes: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no hints here
        wishes.SessionExpiryInterval = SESSION_EXPIRY_S if keep_session else 0
        wishes.ReceiveMaximum = receive_maximum
        properties = {"clean_start": not keep_session, "properties": wishes}
    client.connect_async(address.host, address.port, keepalive=KEEPALIVE_S, **properties)
    return client
