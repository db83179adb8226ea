"""A CRM behind HTTP as the directory."""

from __future__ import annotations

import logging
from collections.abc import Callable

import httpx
import pytest
from pydantic import SecretStr

from switchboard.directory.directory import DirectoryError
from switchboard.directory.http import HttpDirectory
from switchboard.directory.look_up import look_up
from switchboard.directory.opening import open_directory
from switchboard.directory.sql import SqlDirectory
from switchboard.worker.settings import Settings

URL = "https://crm.example/customers?phone={number}"
NUMBER = "+14155550101"


def crm(answer: Callable[[httpx.Request], httpx.Response], token: str | None = None) -> HttpDirectory:
    return HttpDirectory(URL, httpx.AsyncClient(transport=httpx.MockTransport(answer)), token)


async def test_the_number_is_asked_for_as_it_is_with_the_token() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"name": "Ann", "tier": None, "vip": True, "notes": ""})

    assert await crm(answer, token="secret").find(NUMBER) == [{"name": "Ann", "vip": True}]
    assert asked[0].url.params["phone"] == NUMBER
    assert asked[0].headers["Authorization"] == "Bearer secret"


async def test_a_list_is_a_household() -> None:
    rows = [{"name": "Ann"}, {"name": "Bob"}]
    assert await crm(lambda _: httpx.Response(200, json=rows)).find(NUMBER) == rows


@pytest.mark.parametrize(
    "answer", [httpx.Response(404), httpx.Response(204), httpx.Response(200, json=[]), httpx.Response(200, json={})]
)
async def test_an_unknown_number_is_no_rows(answer: httpx.Response) -> None:
    assert await crm(lambda _: answer).find(NUMBER) == []


@pytest.mark.parametrize(
    ("answer", "warning"),
    [
        (httpx.Response(500), "HTTP 500"),
        (httpx.Response(302, headers={"Location": "/login"}), "HTTP 302"),
        (httpx.Response(200, text="<html>"), "the answer is not JSON"),
        (httpx.Response(200, content=b'{"a": "\xff"}'), "the answer is not JSON"),
        (httpx.Response(200, json="Ann"), "the answer is not a JSON object or a list of them"),
        (httpx.Response(200, json=[{"name": "Ann"}, 3]), "the answer is not a JSON object or a list of them"),
        (httpx.Response(200, text="[" * 100_000), "RecursionError"),
    ],
)
async def test_a_wrong_answer_is_a_warning(answer: httpx.Response, warning: str) -> None:
    found = await look_up(crm(lambda _: answer), NUMBER, budget_s=5)
    assert found.warning == f"customer directory: {warning}, went on without"


async def test_a_dead_crm_is_a_warning() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"no route for {request.url}")

    found = await look_up(crm(refuse), NUMBER, budget_s=5)
    assert found.warning == "customer directory: ConnectError, went on without"


async def test_the_caller_s_number_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await crm(lambda _: httpx.Response(200, json=[])).find(NUMBER)
    assert "4155550101" not in caplog.text


def test_a_url_without_a_place_for_the_number_is_refused() -> None:
    with pytest.raises(DirectoryError, match=r"has no \{number\}"):
        HttpDirectory("https://crm.example/")


def test_the_settings_choose_the_directory() -> None:
    settings = Settings(database_url="sqlite:///a.sqlite3", directory_token=SecretStr("t"))
    assert isinstance(open_directory(settings.customers), SqlDirectory)
    assert isinstance(open_directory(settings.model_copy(update={"directory_url": URL}).customers, "t"), HttpDirectory)
