"""Schema of ``channels.yaml``: where notices go, and which."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from rulebook.schema import Strict, Text, Texts

SECRET_FIELDS = frozenset({"url"})
"""An address may hold a token, so no error shows what stands there."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("an address such as https://example.org/hook or another that Apprise understands")
    return text


class Channel(Strict):
    """One way to reach people: an address, and what goes there."""

    name: Text
    """Unique; stands in logs instead of the address."""
    notifier: Text = "apprise"
    """How it is sent; ``apprise`` takes every address that Apprise knows."""
    url: Annotated[Text, AfterValidator(_address)] | None = Field(default=None, repr=False)
    url_file: Text | None = None
    """File that holds the address, for one with a secret in it."""
    secret_file: Text | None = None
    """File that holds the secret which signs what a webhook gets."""
    language: Literal["zh", "en"] = "zh"
    minimum_severity: Literal["info", "warning", "severe"] = "warning"
    counties: Texts = ()
    """Codes of the counties it is for; empty: all."""
    levels: Texts = ()
    """Levels of ``escalation.yaml`` it is for; empty: all."""
    rules: Texts = ()
    """Rules it is for, such as ``hourly_exceedance``; empty: all."""
    cases: bool = True
    """Whether supervision cases go there as well."""

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("either url or url_file")
        if self.secret_file is not None and self.notifier != "webhook":
            raise ValueError("secret_file is for the notifier webhook")
        return self

    def address(self) -> str:
        """The address, read from ``url_file`` where it stands there.

        Raises:
            OSError: the file cannot be read.
            ValueError: it holds no address. The text does not show what it holds.
        """
        if self.url is not None:
            return self.url
        return _address(Path(self.url_file or "").read_text(encoding="utf-8").strip())

    def secret(self) -> str:
        """What signs; empty: nothing does.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is empty.
        """
        if self.secret_file is None:
            return ""
        secret = Path(self.secret_file).read_text(encoding="utf-8").strip()
        if not secret:
            raise ValueError(f"channel {self.name!r}: secret_file is empty")
        return secret


def _network(text: str) -> str:
    try:
        ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError("a network such as 10.20.0.0/16") from error
    return text


class Channels(Strict):
    """The whole file."""

    networks: Annotated[tuple[Annotated[Text, AfterValidator(_network)], ...], Field(strict=False)] = ()
    """Networks that are not public and that notices may go to all the same."""
    channels: Annotated[tuple[Channel, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [channel.name for channel in self.channels]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"each name once, not {name!r} again")
        return self
