"""Ports of the loopback interface that nobody has."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import Literal

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def free_ports(*kinds: Literal["tcp", "udp"]) -> list[int]:
    """A port of each kind, all different. They were free a moment ago: another process may be quicker to take one."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket(socket.AF_INET, _KINDS[kind])) for kind in kinds]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def free_port() -> int:
    """A TCP port."""
    return free_ports("tcp")[0]
