"""The demonstration: livekit-server, the providers' stand-ins and the worker, all on this machine for one call."""
