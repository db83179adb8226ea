"""A caller without a telephone: a participant that behaves towards LiveKit as livekit-sip does.

`Softphone` places one call for a `Caller` over a `Line`. It imitates the bridge's side as a worker sees it: the
participant, its attributes and their moments, ringing, the answer, narrow-band sound, DTMF, the end. There is no SIP.
"""

from switchboard.softphone.bridge import CallEnded, Outcome
from switchboard.softphone.caller import Caller, Line
from switchboard.softphone.ear import Sound
from switchboard.softphone.softphone import Softphone
from switchboard.softphone.turns import Turn

__all__ = ["CallEnded", "Caller", "Line", "Outcome", "Softphone", "Sound", "Turn"]
