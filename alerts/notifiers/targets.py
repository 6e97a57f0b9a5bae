"""Where a notice may go: an address outside, or a network that the bureau has named. Looked at again for every notice.

An address in a rulebook or a setting is written by somebody who may not know what stands behind a name. A name that
leads to this machine, to its neighbours or to a cloud's metadata service would let a notice act from the inside, so
such targets are refused unless their network is named. The connection is made to the address that was looked at, so a
name that changes its mind in between gains nothing.
"""

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from alerts.notifiers.port import NotDelivered

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks as people write them, ``10.20.0.0/16`` or a single address.

    Raises:
        ValueError: one of them is none; says which.
    """
    return tuple(ip_network(text.strip(), strict=False) for text in texts if text.strip())


@dataclass(frozen=True, slots=True)
class Targets:
    """Which addresses notices may go to."""

    inside: Sequence[Network] = ()
    """Networks that are not public and allowed all the same."""

    def allows(self, address: Address) -> bool:
        """Whether a notice may go to this address."""
        plain = address.ipv4_mapped if isinstance(address, IPv6Address) and address.ipv4_mapped else address
        if any(plain.version == network.version and plain in network for network in self.inside):
            return True
        return plain.is_global and not plain.is_multicast

    def resolve(self, host: str, port: int) -> str:
        """An address of the host that is allowed; if one of its addresses is not, none is.

        Raises:
            NotDelivered: the host is not known, or leads to where no notice may go.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "no name of a host"
            raise NotDelivered(f"the target's host is not known: {reason}") from error
        addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        for address in addresses:
            if not self.allows(address):
                raise NotDelivered(f"the target's host leads to {address}, which is not public: name its network first")
        return str(addresses[0])
