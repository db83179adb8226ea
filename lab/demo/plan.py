"""What is demonstrated: a caller, who that is, and what is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab.softphone import Caller
from switchboard.call.call import Call
from switchboard.call.reading import read_call
from switchboard.cli.directory import Customers, ask_directory
from switchboard.cli.output import fail
from switchboard.worker.routing_file import RoutingFile
from switchboard.worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """One demonstration. `call` is how the worker sees the caller, and `imitated` names the providers that are."""

    settings: Settings
    file: RoutingFile
    caller: Caller
    call: Call
    customers: Customers
    directory_is_given: bool
    says: Sequence[str]
    language: str
    imitated: Sequence[str]

    @property
    def number(self) -> str | None:
        """The caller's, as the directory is asked."""
        return self.call.remote_number.e164 if self.call.remote_number else None


def as_the_worker_sees_it(
    settings: Settings, file: RoutingFile, caller: Caller, given: list[dict[str, Any]] | None
) -> tuple[Call, Customers]:
    """The call with its customers: those `given`, else those whom the directory knows. Exits 2 for wrong use."""

    def seen_with(customers: Customers) -> Call:
        return read_call(
            kind=caller.kind,
            identity=caller.identity,
            attributes=caller.attributes_at_join() | caller.attributes_to_follow(),
            job=caller.job_metadata,
            customers=customers.rows,
            region=file.worker.region,
            trusted_attributes=file.worker.trusted_attributes,
            warnings=[customers.warning] if customers.warning else (),
        )

    unknown = seen_with(Customers())
    if given is None:
        customers = ask_directory(settings, unknown)
    elif given and not (unknown.remote_number and unknown.remote_number.e164):
        fail("--customer: a caller without a number is looked up by nobody: give --from as well")
    else:
        customers = Customers(given, "as given")
    return seen_with(customers), customers
