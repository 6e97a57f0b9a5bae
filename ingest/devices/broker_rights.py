"""What brokers are told about logins and their rights: texts for Mosquitto and for EMQX, made of one table."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from emissions.register import Register
from ingest.devices.passwords import HashedPassword


class UnfitLogin(ValueError):
    """A name that would mean something else in a broker's file; no register that was read holds one."""


@dataclass(frozen=True, slots=True)
class Login:
    """A login and the topics it may use. ``+`` and ``#`` are MQTT's wildcards."""

    name: str
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()


PLATFORM: tuple[Login, ...] = (
    Login("gateway", publish=("hj212/+/down",), subscribe=("hj212/+/up", "cems/+/readings")),
    Login("relay", publish=("hj212/+/up",), subscribe=("hj212/+/down",)),
    Login("alerts", publish=("alerts/#",)),
)
"""The platform's own processes, by the verb that starts them."""

_SAFE = re.compile(r"[^\s:#+/$%\"'\\,{}]+")


def devices_of(register: Register) -> dict[str, Login]:
    """Every device of the register by its login: a logger's is its MN; a monitor that speaks JSON has its outlet's id.

    Raises:
        UnfitLogin: a name that cannot stand in a topic or in a broker's file.
    """
    found = {}
    for outlet in register.outlets.values():
        name = outlet.mn or outlet.id
        if not _SAFE.fullmatch(name):
            raise UnfitLogin(f"outlet {outlet.id!r}: {name!r} cannot be a login")
        if name in {login.name for login in PLATFORM}:
            raise UnfitLogin(f"outlet {outlet.id!r}: {name!r} is a login of the platform")
        up = (f"hj212/{name}/up",) if outlet.mn else (f"cems/{name}/readings",)
        found[name] = Login(name, publish=up, subscribe=(f"hj212/{name}/down",) if outlet.mn else ())
    return found


def mosquitto_acl(logins: Iterable[Login]) -> str:
    """Mosquitto's file of rights: what is not in it is refused."""
    return "\n".join(
        "\n".join(
            [
                f"user {login.name}",
                *(f"topic write {topic}" for topic in login.publish),
                *(f"topic read {topic}" for topic in login.subscribe),
                "",
            ]
        )
        for login in logins
    )


def mosquitto_passwords(passwords: Mapping[str, HashedPassword]) -> str:
    """Mosquitto's file of passwords."""
    return "".join(f"{name}:{password.for_mosquitto}\n" for name, password in sorted(passwords.items()))


def emqx_acl(logins: Iterable[Login]) -> str:
    """EMQX's file of rights (authorization, source ``file``): Erlang terms, the first that fits decides."""
    rules = []
    for login in logins:
        if login.publish:
            rules.append(_emqx_rule(login.name, "publish", login.publish))
        if login.subscribe:
            rules.append(_emqx_rule(login.name, "subscribe", login.subscribe))
    return "\n".join([*rules, "{deny, all}.", ""])


def _emqx_rule(name: str, action: str, topics: Sequence[str]) -> str:
    # A filter behind ``eq`` stands for itself, with its wildcards; alone, for the topics that it matches.
    itself = [f'{{eq, "{topic}"}}' for topic in topics if action == "subscribe" and "+" in topic]
    listed = ", ".join([*itself, *(f'"{topic}"' for topic in topics)])
    return f'{{allow, {{username, "{name}"}}, {action}, [{listed}]}}.'


def emqx_users(passwords: Mapping[str, HashedPassword]) -> str:
    """Users for EMQX's built-in database (``bootstrap_file``, ``bootstrap_type = hash``).

    The authenticator's ``password_hash_algorithm`` must be
    ``{name = pbkdf2, mac_fun = sha512, iterations = 101, dk_length = 64}``.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["user_id", "password_hash", "salt", "is_superuser"])
    for name, password in sorted(passwords.items()):
        writer.writerow([name, password.digest.hex(), password.salt, "false"])
    return text.getvalue()
