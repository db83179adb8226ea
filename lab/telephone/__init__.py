"""A small telephone that speaks SIP and RTP over UDP, for calls through a real bridge.

`Telephone` calls and is called; a `TelephoneCall` has the moments of its messages, its `media` the sound. It knows what
tests of livekit-sip need and no more: UDP, G.711 µ-law, one dialog a call, nothing lost on the way.
"""

from lab.telephone.media import Media
from lab.telephone.telephone import Manner, Telephone, TelephoneCall

__all__ = ["Manner", "Media", "Telephone", "TelephoneCall"]
