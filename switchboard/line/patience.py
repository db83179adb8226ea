"""How long a leg waits for what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a leg waits for what, in seconds.

    `grace_s`: how long a caller may be away whose leaving was no hang-up. When the SDK has to connect anew it reports
    everybody gone at once, and back again when it has: 0.1 s later, or as long as LiveKit is out of reach. A caller's
    own side that rejoins is back within a second.

    `reconnects_within_s`: how long our own connection may be broken. The SDK gives up after 20 to 100 s, and behind a
    network that swallows everything never; the caller hears nothing all that time.

    `goodbye_s`: of silence, before a goodbye: one that a failing provider never delivers must not keep the line open.
    `tail_s`: what still travels to the caller after our last sample has left, in jitter buffers and the carrier's net.

    `closes_within_s`: how long a session may take to close. `deletes_within_s`: how long one attempt to delete the room
    may take, `retries_s` the waits between them: livekit-agents gives a job that ends 15 s for all of it.
    """

    grace_s: float = 4.0
    reconnects_within_s: float = 30.0
    goodbye_s: float = 10.0
    tail_s: float = 0.4
    closes_within_s: float = 5.0
    deletes_within_s: float = 2.0
    retries_s: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0)
