"""A caller without a telephone: a participant that behaves towards LiveKit as livekit-sip does.

`Softphone` places one call for a `Caller` over a `Line`. It imitates the bridge's side as a worker sees it: the
participant, its attributes and their moments, ringing, the answer, narrow-band sound, DTMF, the end. There is no SIP.
"""

from lab.softphone.bridge import CallEnded, Outcome
from lab.softphone.caller import Caller, Line
from lab.softphone.ear import Sound
from lab.softphone.softphone import Softphone
from lab.softphone.timeline import Turn

__all__ = ["CallEnded", "Caller", "Line", "Outcome", "Softphone", "Sound", "Turn"]
