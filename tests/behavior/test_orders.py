"""What the model is told about an order, by a system that answers well and by ones that do not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from agents.orders import ExampleOrders, HttpOrders
from agents.web import Web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
PATIENT_S = 60.0  # what a slow test machine needs; only a system that hangs makes a test wait


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] (pytest uses it)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@asynccontextmanager
async def system(answer: Answer, timeout_s: float = PATIENT_S) -> AsyncGenerator[HttpOrders]:
    """An order system on this machine."""
    app = web.Application()
    app.router.add_get("/orders/{number}", answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield HttpOrders(f"http://{host}:{port}/orders/{{number}}", "secret", Web(), timeout_s)
    finally:
        await runner.cleanup()


async def test_an_order_is_asked_for_by_its_digits_with_the_secret() -> None:
    asked: list[tuple[str, str | None]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.match_info["number"], request.headers.get("Authorization")))
        return web.json_response({"status": "ready\nto be picked up"})

    async with system(answer) as orders:
        assert await orders.status("ten 01: 10 01") == "Order 011001 is ready to be picked up."
        assert await orders.status("1002") == "Order 1002 is ready to be picked up."
    assert asked == [("011001", "Bearer secret"), ("1002", "Bearer secret")]


async def test_an_unknown_order_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=404)

    async with system(answer) as orders:
        assert await orders.status("4711") == "There is no order with that number."
        assert await orders.status("I don't know") == "There is no order with that number."
    assert caplog.records == []


async def _hang(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


async def _megabytes(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(bytes(100_000))


def _always(answer: web.Response) -> Answer:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=answer.status, body=answer.body)

    return handler


@pytest.mark.parametrize(
    ("answer", "timeout_s", "reason"),
    [
        (_always(web.Response(status=500)), PATIENT_S, "HTTP 500"),
        (_always(web.Response(status=401)), PATIENT_S, "HTTP 401"),
        (_always(web.Response(text="<html>")), PATIENT_S, "the answer has no status"),
        (_always(web.Response(text="[" * 100_000)), PATIENT_S, "the answer has no status"),
        (_always(web.Response(text='{"status": 7}')), PATIENT_S, "the answer has no status"),
        (_always(web.Response(text='{"status": " "}')), PATIENT_S, "the answer has no status"),
        (_megabytes, PATIENT_S, "the answer is too long"),
        (_hang, 0.2, "TimeoutError"),
    ],
    ids=["500", "401", "a page", "deep", "a number", "nothing", "megabytes", "never"],
)
async def test_whatever_the_system_does_the_model_can_speak_about_it(
    answer: Answer, timeout_s: float, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with system(answer, timeout_s) as orders:
            assert "offer to take down what they need" in await orders.status("4711")
    assert reason in caplog.text
    assert "ORDERS_URL" in caplog.text
    assert "4711" not in caplog.text


async def test_a_system_that_is_not_there_is_no_exception() -> None:
    orders = HttpOrders("http://127.0.0.1:9/{number}", "", Web())
    assert "does not answer" in await orders.status("1")


async def test_without_a_system_there_are_two_examples() -> None:
    assert await ExampleOrders().status("10 01") == "Order 1001 is ready to be picked up."
    assert await ExampleOrders().status("7") == "There is no order with that number."
