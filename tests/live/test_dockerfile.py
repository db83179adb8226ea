"""The Dockerfile's steps, run in a clean folder: there is not always an engine, and a broken image shows late.

The folder stands for the image's root. What cannot be shown this way: the base images, the user, the volume.
"""

from __future__ import annotations

import asyncio
import fnmatch
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.stage.livekit_server import LiveKitServer
from lab.stage.ports import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
STEP_WITHIN = 300  # s
PACKAGES_BY = ("Dockerfile", ".dockerignore", "pyproject.toml", "uv.lock")
READY_WITHIN = 60  # s
STOPS_WITHIN = 60  # s


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """`("RUN", "uv sync …")` for each instruction of a Dockerfile."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        yield word.upper(), rest.strip()


def ignored(path: str, patterns: list[str]) -> bool:
    """Whether .dockerignore keeps `path` (relative, with slashes) or a folder it is in out of the image."""
    parts = path.split("/")
    heads = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    return any(
        fnmatch.fnmatchcase(head.rpartition("/")[2], pattern.removeprefix("**/"))
        if pattern.startswith("**/")
        else "/" not in head and fnmatch.fnmatchcase(head, pattern)
        for head in heads
        for pattern in patterns
    )


@dataclass
class Image:
    """A folder that the Dockerfile's steps have been run in."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])
    folder: str = "/"
    command: list[str] = field(default_factory=list[str])
    health: list[str] = field(default_factory=list[str])
    stop_signal: signal.Signals = signal.SIGTERM
    stages: int = 0
    not_run: list[str] = field(default_factory=list[str])

    @property
    def packages_installed(self) -> Path:
        return self.root / "packages-installed"

    def clear(self) -> None:
        """Remove what an earlier build left, but for packages that were installed to the end."""
        if not self.packages_installed.exists():
            shutil.rmtree(self.root, ignore_errors=True)
            return
        for path in [*self.root.iterdir(), *(self.root / "app").iterdir()]:
            if path.name not in ("app", ".venv", ".models", self.packages_installed.name):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def build(self, context: Path) -> None:
        patterns = (context / ".dockerignore").read_text().split("\n")
        self._patterns = [line.strip() for line in patterns if line.strip() and not line.startswith("#")]
        for word, rest in instructions((context / "Dockerfile").read_text()):
            match word:
                case "FROM":
                    self.stages += 1
                    self.environment, self.folder = {"PATH": host_path()}, "/"
                case "WORKDIR":
                    self.folder = rest
                    self.here.mkdir(parents=True, exist_ok=True)
                case "ENV":
                    for pair in rest.split():
                        name, _, value = pair.partition("=")
                        if name == "UV_CACHE_DIR":  # a mount of the build, which here is this machine's cache
                            continue
                        self.environment[name] = self._inside(value.replace("$PATH", self.environment["PATH"]))
                case "COPY":
                    self._copy(context, rest.split())
                case "RUN":
                    self._run(re.sub(r"--mount=\S+ ", "", rest))
                case "CMD":
                    self.command = json.loads(rest)
                case "HEALTHCHECK":
                    self.health = json.loads(rest.partition("CMD ")[2])
                case "STOPSIGNAL":
                    self.stop_signal = signal.Signals[rest]
                case _:
                    assert word in ("USER", "VOLUME"), f"teach this test what {word} does"

    @property
    def here(self) -> Path:
        return self.root / self.folder.lstrip("/")

    def variables(self, **more: str) -> dict[str, str]:
        """What a process in the image finds in its environment, and what uv needs of this machine's."""
        ways_out = ("SSL_", "UV_CACHE", "UV_INDEX", "UV_DEFAULT_INDEX", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
        kept = {k: v for k, v in os.environ.items() if k in ("HOME", "LANG") or k.upper().startswith(ways_out)}
        return kept | self.environment | more

    def run(self, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        program = shutil.which(command[0], path=self.environment["PATH"])
        assert program, f"{command[0]} is not in the image"
        return subprocess.run(
            [program, *command[1:]],
            cwd=self.here,
            env=self.variables(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STEP_WITHIN,
        )

    def _inside(self, value: str) -> str:
        """An absolute path of the image as one below `root`; the paths of this machine stay."""
        return re.sub(r"(?<![\w.])/(app|data|var)\b", lambda found: f"{self.root}/{found[1]}", value)

    def _copy(self, context: Path, words: list[str]) -> None:
        *sources, target = (word for word in words if not word.startswith("--"))
        if words[0].startswith("--from="):
            # uv is this machine's. What the last stage takes from the first lies where it lay already.
            assert sources == [target] or target == "/usr/local/bin/uv"
            return
        for source in sources:
            for path in [context / source] if (context / source).is_file() else (context / source).iterdir():
                self._take(path, context)

    def _take(self, path: Path, context: Path) -> None:
        relative = path.relative_to(context).as_posix()
        if ignored(relative, self._patterns):
            return
        if path.is_dir():
            for inner in path.iterdir():
                self._take(inner, context)
            return
        (self.here / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, self.here / relative)

    def _run(self, command: str) -> None:
        if command.startswith("useradd"):
            self.not_run.append(command)
            for folder in ("data", "var/cache/switchboard"):
                (self.root / folder).mkdir(parents=True)
            return
        if command.startswith("uv sync") and self.packages_installed.exists():
            return
        done = self.run(["/bin/sh", "-c", command])
        assert done.returncode == 0, f"RUN {command}\n{done.stdout}\n{done.stderr}"


def host_path() -> str:
    """This machine's PATH without the environment that the tests run in."""
    return os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if ".venv" not in p)


@pytest.fixture(scope="module")
def image() -> Image:
    """Built anew each time, but for its packages: they are installed again when what names them has changed."""
    digest = hashlib.sha256(sys.version.encode())
    for file in PACKAGES_BY:
        digest.update((REPOSITORY / file).read_bytes())
    root = REPOSITORY / ".cache" / "image" / digest.hexdigest()[:16]
    for older in root.parent.glob("*"):
        if older != root:
            shutil.rmtree(older)
    image = Image(root)
    image.clear()
    image.build(REPOSITORY)
    image.packages_installed.touch()
    return image


def test_the_image_has_the_worker_and_neither_tests_nor_secrets_nor_gpl_speech(image: Image) -> None:
    assert image.stages == 2
    assert len(image.not_run) == 1
    assert {path.name for path in image.here.iterdir()} >= {
        "agent.py",
        "agents",
        "prompts",
        "switchboard.toml",
        ".venv",
    }
    assert not (image.here / "tests").exists()
    packages = {
        path.name.partition("-")[0].lower() for path in image.here.glob(".venv/lib/*/site-packages/*.dist-info")
    }
    assert "livekit_agents" in packages
    assert packages.isdisjoint({"pocketsphinx", "espeakng_loader", "pytest", "pyright", "ruff"})


SECRETS = (
    ".env .env.production .git/config switchboard.sqlite3 recordings/call.wav .venv/bin/python agents/__pycache__/x.pyc"
)


@pytest.mark.parametrize("path", SECRETS.split())
def test_secrets_and_recordings_stay_out_of_the_image(path: str) -> None:
    patterns = [p for p in (REPOSITORY / ".dockerignore").read_text().splitlines() if p and not p.startswith("#")]
    assert ignored(path, patterns)
    assert not ignored("agents/front_desk.py", patterns)


def test_the_entrypoint_imports_from_the_image_alone(image: Image) -> None:
    done = image.run(["python", "-c", "import agent, switchboard; print(agent.__file__, switchboard.__file__)"])
    assert done.returncode == 0, done.stderr
    assert all(path.startswith(str(image.here)) for path in done.stdout.split())


def test_a_container_without_keys_says_what_to_set_and_exits(image: Image) -> None:
    done = image.run(image.command)
    assert done.returncode == 2
    for name in ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "DEEPGRAM_API_KEY", "OPENAI_API_KEY"):
        assert name in done.stderr


async def test_a_container_is_healthy_once_registered_and_drains_when_told_to_stop(image: Image) -> None:
    async with LiveKitServer() as livekit:
        port = str(free_port())
        variables = livekit.environment | {
            "DEEPGRAM_API_KEY": "of nobody",
            "OPENAI_API_KEY": "of nobody",
            "SWITCHBOARD_HEALTH_PORT": port,
            "SWITCHBOARD_HTTP_PORT": "0",
        }
        before = await asyncio.to_thread(image.run, image.health, **variables)
        assert (before.returncode, before.stderr.count("\n")) == (1, 1)

        worker = await asyncio.create_subprocess_exec(
            str(shutil.which(image.command[0], path=image.environment["PATH"])),
            *image.command[1:],
            cwd=image.here,
            env=image.variables(**variables),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(READY_WITHIN):
                while (await asyncio.to_thread(image.run, image.health, **variables)).returncode != 0:
                    assert worker.returncode is None
                    await asyncio.sleep(0.2)
            worker.send_signal(image.stop_signal)
            assert await asyncio.wait_for(worker.wait(), STOPS_WITHIN) == 0
        finally:
            if worker.returncode is None:
                os.killpg(worker.pid, signal.SIGKILL)
                await worker.wait()
