"""The pages about trunks, dialling and going live, and the files in deploy/: what they show is true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, cast

import pytest
import typer.main
import yaml

from switchboard.cli import app
from switchboard.trunks.model import DispatchRule, InboundTrunk, OutboundTrunk
from switchboard.trunks.reading import TrunksErrors, read_trunks
from switchboard.worker.routing_file import load_file
from tests.business import AGENTS

ROOT = Path(__file__).resolve().parents[3]
PAGES = ["provisioning", "outbound", "go-live"]
ENVIRONMENT = {"TRUNK_USERNAME": "user", "TRUNK_PASSWORD": "hush"}
_BLOCK = re.compile(r"^```(\w+)( faulty)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str, *, faulty: bool = False) -> list[str]:
    text = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
    return [body for kind, wrong, body in _BLOCK.findall(text) if kind == language and bool(wrong) == faulty]


def typed() -> list[str]:
    """Every `switchboard …` of the pages' commands, without what is before and after it."""
    lines = [
        line for page in PAGES for kind in ("sh", "console") for b in blocks(page, kind) for line in b.splitlines()
    ]
    found = [re.search(r"(?:^|\$ |uv run )switchboard (.*?)(?: \| .*)?$", line) for line in lines]
    return [match[1] for match in found if match]


@pytest.mark.parametrize("text", [text for page in PAGES for text in blocks(page, "toml")])
def test_every_file_shown_can_be_used(text: str, tmp_path: Path) -> None:
    path = tmp_path / "shown.toml"
    path.write_text(text, encoding="utf-8")
    if "[default]" in text:
        load_file(path, agents=AGENTS)
    else:
        read_trunks(path, ENVIRONMENT)


def test_every_mistake_shown_is_reported_as_shown(tmp_path: Path) -> None:
    path = tmp_path / "trunks.toml"
    shown = list(zip(blocks("provisioning", "toml", faulty=True), blocks("provisioning", "text"), strict=True))
    assert shown
    for text, messages in shown:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(TrunksErrors) as caught:
            read_trunks(path, {})
        assert str(caught.value) == messages.rstrip()


@pytest.mark.parametrize("line", typed())
def test_every_command_shown_has_these_options(line: str) -> None:
    group: Any = typer.main.get_command(app)
    name, *arguments = shlex.split(line)
    command = group.commands[name]
    command.make_context(name, arguments)


@pytest.mark.parametrize("model", [InboundTrunk, OutboundTrunk, DispatchRule])
def test_every_key_is_documented(model: type[InboundTrunk | OutboundTrunk | DispatchRule]) -> None:
    text = (ROOT / "docs/provisioning.md").read_text(encoding="utf-8")
    assert [key for key in model.model_fields if f"`{key}`" not in text] == []


def test_the_example_file_is_a_start() -> None:
    text = (ROOT / "trunks.example.toml").read_text(encoding="utf-8")
    assert read_trunks(ROOT / "trunks.example.toml", {}).warnings == ()
    assert "[[outbound_trunk]]" in text


def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["redis", "livekit", "sip", "postgres", "worker"])
def test_every_service_is_watched_restarted_and_on_the_hosts_network(name: str) -> None:
    service = compose()["services"][name]
    if "build" in service:  # our own image watches itself
        assert re.search(r"^HEALTHCHECK .*\\?$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    else:
        assert service["healthcheck"]["test"][0].startswith("CMD")
    assert service["restart"] == "unless-stopped"
    assert service["network_mode"] == "host"
    for dependency, condition in service.get("depends_on", {}).items():
        assert condition == {"condition": "service_healthy"}
        assert "healthcheck" in compose()["services"][dependency]


def test_the_worker_runs_as_no_root_writes_where_it_must_and_is_asked_both_questions() -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    written = {*re.findall(r"(/[a-z/]+)", re.search(r"install -d -o 10001 (.*)", image)[1]), "/tmp"}  # type: ignore[index]
    assert re.search(r"^USER 10001$", image, re.MULTILINE)

    worker = compose()["services"]["worker"]
    assert worker["read_only"]
    assert {volume.partition(":")[2] for volume in worker["volumes"]} | {*worker["tmpfs"]} == written

    pod = yaml.safe_load((ROOT / "deploy/kubernetes.yaml").read_text(encoding="utf-8"))["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == 10001
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == written
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"] == "/live"
    told = {one["name"]: one["value"] for one in container["env"]}
    assert told["SWITCHBOARD_HEALTH_PORT"] == str(container["ports"][0]["containerPort"])


def test_every_volume_and_file_of_the_services_exists() -> None:
    named: set[str] = set()
    for service in compose()["services"].values():
        for volume in cast("list[str]", service.get("volumes", [])):
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert (ROOT / "deploy" / source).is_file()
            else:
                named.add(source)
    assert named == set(compose()["volumes"])


def test_no_secret_stands_in_the_files_of_the_deployment() -> None:
    files = (ROOT / "deploy").glob("*.yaml")
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    named = [line for line in lines if re.search(r"(?i)^[^#]*(secret|password|api_key)\w*:", line)]
    assert named
    assert [line for line in named if "${" not in line and "secretRef:" not in line] == []


def test_the_servers_share_one_redis_and_the_bridges_health_port_is_the_one_that_is_asked() -> None:
    livekit = yaml.safe_load((ROOT / "deploy/livekit.yaml").read_text(encoding="utf-8"))
    sip = yaml.safe_load((ROOT / "deploy/sip.yaml").read_text(encoding="utf-8"))
    assert livekit["redis"] == sip["redis"]
    assert f"/{sip['health_port']};" in compose()["services"]["sip"]["healthcheck"]["test"][-1]
