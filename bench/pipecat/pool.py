"""Warm bots, ready for calls: what a worker's idle processes are for livekit-agents.

pipecat has no dispatch of its own. This keeps as many bots warm as there are processors (livekit-agents' default) and
hands each call, one line on stdin, to one of them. The next bot is started a while after, so that its start does
not slow the call. Prints `ready` when all are warm. Standard library only: it costs nothing beside the bots.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

BOT = Path(__file__).with_name("bot.py")
REFILL_AFTER = 2.0  # s


def start_bot() -> subprocess.Popen[str]:
    """A bot that has imported everything and waits for its call."""
    bot = subprocess.Popen([sys.executable, str(BOT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert bot.stdout is not None
    bot.stdout.readline()
    return bot


def main() -> None:
    """Serve calls until stdin ends, then end every bot."""
    idle = [start_bot() for _ in range(os.cpu_count() or 1)]
    busy: list[subprocess.Popen[str]] = []
    print("ready", flush=True)
    for line in sys.stdin:
        bot = idle.pop(0) if idle else start_bot()
        assert bot.stdin is not None
        bot.stdin.write(line)
        bot.stdin.close()
        busy = [one for one in busy if one.poll() is None] + [bot]
        threading.Timer(REFILL_AFTER, lambda: idle.append(start_bot())).start()
    for bot in idle + busy:
        bot.kill()


if __name__ == "__main__":
    main()
