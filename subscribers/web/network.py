"""Where a request comes from: X-Forwarded-For counts only behind the proxies that the operator trusts."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.requests import HTTPConnection

Address = IPv4Address | IPv6Address
UNKNOWN = "unknown"
_NEIGHBOURS = 64  # bits of an IPv6 address that one customer's machines share


class Proxies:
    """The networks whose forwarded headers count; none by default."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """Raises ValueError for what is no network."""
        self._networks = tuple(ip_network(network, strict=False) for network in networks)

    def network_of(self, request: HTTPConnection) -> str:
        """Whom to count: the nearest sender that is no trusted proxy of ours. What it says of those behind it is hearsay."""
        peer = _address(request.client.host if request.client else "")
        hops = [hop for header in request.headers.getlist("x-forwarded-for") for hop in header.split(",")]
        while peer and hops and self._trusts(peer):
            peer = _address(hops.pop())
        if peer is None:
            return UNKNOWN
        return str(peer) if peer.version == 4 else str(ip_network((peer, _NEIGHBOURS), strict=False))  # noqa: PLR2004 - IPv4

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def _address(text: str) -> Address | None:
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
