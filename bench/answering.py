"""How soon it answers: the caller's join to the first audible sample, and a cold start to ready."""

from __future__ import annotations

from collections.abc import Sequence

from bench.contenders import Running
from bench.contest import ANSWERS_WITHIN, Contest, NotAnswered
from bench.results import Results

MEASURE = "join to first audible sample"
_GREETS_WITHIN = 6.0  # s


async def first_audio(contest: Contest, running: Sequence[Running], results: Results, rounds: int) -> None:
    """The moment the call reaches LiveKit to the first audible sample the caller hears, `rounds` calls each."""
    for _ in range(rounds):
        for one in running:
            try:
                async with contest.call(one) as caller:
                    heard = await caller.hears_agent(caller.answered_at, _GREETS_WITHIN)
                    waited = (heard or caller.answered_at + _GREETS_WITHIN) - caller.started_at
                    results.add(MEASURE, one.name, waited, missed=heard is None)
                    results.add("join to answered", one.name, caller.answered_at - caller.started_at)
                    results.add("sound lost before the answer", one.name, caller.lost)
            except NotAnswered:
                results.add(MEASURE, one.name, ANSWERS_WITHIN, missed=True)
    for one in running:
        for record in one.records():  # of our worker, now or before; the others write none of these
            if "known_in_ms" in record:
                results.add("take in, directory asked", one.name, record["known_in_ms"] / 1000)
            if "decided_in_us" in record:
                results.add("decision inside a call", one.name, record["decided_in_us"], "us")
