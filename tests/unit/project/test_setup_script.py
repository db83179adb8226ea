"""`scripts/setup` on machines that have and lack things, by small programs that stand for the real ones."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
UV = """case "$1" in
--version) echo uv 0 ;;
sync) mkdir -p .venv/bin && ln -sf /bin/sh .venv/bin/python ;;
esac"""
LIVEKIT_SERVER = "echo livekit-server version 0"
FAILS = "exit 7"


class Machine:
    """A clone of the project on a machine with only the given programs besides the system's own."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "clone with a space"
        self.programs = folder / "bin"
        self.log = folder / "called"
        (self.clone / "scripts").mkdir(parents=True)
        self.programs.mkdir()
        for name in ("scripts/setup", "pyproject.toml", "uv.lock"):
            shutil.copy2(REPOSITORY / name, self.clone / name)
        # Whatever this machine really has is out of reach.
        for name in ("curl", "brew", "go", "docker", "uv", "livekit-server", "apt-get", "dnf", "sudo"):
            self.has(name, FAILS)
        for name in ("python3", "python3.11", "python3.12", "python3.13", "python"):
            self.has(name, FAILS)

    def has(self, name: str, script: str) -> None:
        path = self.programs / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.log}"\n{script}\n')
        path.chmod(0o755)

    def setup(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        self.log.write_text("")
        return subprocess.run(
            [self.clone / "scripts/setup", *arguments],
            env={"PATH": f"{self.programs}:/usr/bin:/bin", "HOME": str(self.programs), "DIR": str(self.programs)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def called(self) -> str:
        return self.log.read_text()

    def cached(self) -> set[str]:
        return {path.name for path in (self.clone / ".cache/bin").glob("*")}

    def half_done(self) -> list[Path]:
        return list(self.clone.glob(".cache/install.*"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.has("uv", UV)
    machine.has("livekit-server", LIVEKIT_SERVER)
    return machine


def test_what_is_on_path_is_used_and_the_second_run_says_and_does_nothing(machine: Machine) -> None:
    first = machine.setup()
    assert first.returncode == 0, first.stderr
    assert "Ready." in first.stderr
    assert machine.cached() == set()
    second = machine.setup()
    assert (second.returncode, second.stdout, second.stderr, machine.called()) == (0, "", "", "")


def test_a_new_lock_sets_up_anew(machine: Machine) -> None:
    machine.setup()
    with (machine.clone / "uv.lock").open("a") as lock:
        lock.write("# changed\n")
    machine.setup()
    assert "uv sync --locked" in machine.called()


def test_without_uv_the_installer_brings_it_into_the_clone(machine: Machine) -> None:
    machine.has("uv", FAILS)
    installer = 'mkdir -p "$UV_UNMANAGED_INSTALL" && cp "$DIR/new-uv" "$UV_UNMANAGED_INSTALL/uv"'
    machine.has("new-uv", UV)
    machine.has("curl", f'while [ "$1" != -o ]; do shift; done; echo \'{installer}\' >"$2"')
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    assert machine.cached() == {"uv"}
    assert f'export PATH="{machine.clone}/.cache/bin:$PATH"' in done.stderr


def test_without_uv_and_its_installer_pip_brings_it(machine: Machine) -> None:
    machine.has("uv", FAILS)
    machine.has("new-uv", UV)
    machine.has("python3", '[ "$4" != --target ] || { mkdir -p "$5/bin" && cp "$DIR/new-uv" "$5/bin/uv"; }')
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    assert machine.cached() == {"uv"}
    assert machine.half_done() == []


def test_who_has_no_uv_on_path_is_told_where_it_is(machine: Machine) -> None:
    (machine.programs / "uv").unlink()
    machine.has("new-uv", UV)
    machine.has("python3", '[ "$4" != --target ] || { mkdir -p "$5/bin" && cp "$DIR/new-uv" "$5/bin/uv"; }')
    assert f'export PATH="{machine.clone}/.cache/bin:$PATH"' in machine.setup().stderr


def test_without_any_way_to_uv_it_says_where_to_get_it(machine: Machine) -> None:
    machine.has("uv", FAILS)
    done = machine.setup()
    assert done.returncode == 1
    assert "docs.astral.sh/uv" in done.stderr
    assert machine.cached() == set()


@pytest.mark.parametrize("stage", ["go version", "docker info"])
def test_without_livekit_server_go_or_docker_makes_one(machine: Machine, stage: str) -> None:
    machine.has("livekit-server", FAILS)
    if stage == "go version":
        machine.has("new-server", LIVEKIT_SERVER)
        machine.has("go", '[ "$1" = version ] || cp "$DIR/new-server" "$GOBIN/server"')
    else:
        machine.has("docker", 'echo "$@"')
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    assert machine.cached() == {"livekit-server"}
    assert machine.half_done() == []
    if stage == "docker info":
        ran = subprocess.run(
            [machine.clone / ".cache/bin/livekit-server", "--config-body", '{"port": 1}'],
            env={"PATH": f"{machine.programs}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )
        assert ran.stdout.strip().endswith('livekit/livekit-server:v1.13.5 --config-body {"port": 1}')


def test_a_release_whose_sum_is_wrong_is_not_kept(machine: Machine) -> None:
    machine.has("livekit-server", FAILS)
    machine.has("uname", "case $1 in -m) echo x86_64 ;; *) echo Linux ;; esac")
    machine.has(
        "curl",
        "echo wrong >livekit_1.13.5_linux_amd64.tar.gz; "
        "printf '%064d  livekit_1.13.5_linux_amd64.tar.gz\\n' 0 >checksums.txt",
    )
    done = machine.setup()
    assert done.returncode == 1
    assert machine.cached() == set()
    assert "FAILED" in (machine.clone / ".cache/setup.log").read_text()


def test_a_release_whose_sum_is_right_is_taken(machine: Machine) -> None:
    machine.has("livekit-server", FAILS)
    machine.has("uname", "case $1 in -m) echo aarch64 ;; *) echo Linux ;; esac")
    machine.has("new", LIVEKIT_SERVER)
    machine.has(
        "curl",
        'cp "$DIR/new" livekit-server; tar -czf livekit_1.13.5_linux_arm64.tar.gz livekit-server; '
        "rm livekit-server; sha256sum *.tar.gz >checksums.txt",
    )
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    assert machine.cached() == {"livekit-server"}


def test_without_any_way_to_livekit_server_it_says_what_would_do(machine: Machine) -> None:
    machine.has("livekit-server", FAILS)
    done = machine.setup()
    assert done.returncode == 1
    assert "One of these is enough" in done.stderr
    assert "Homebrew" in done.stderr
    assert machine.setup().returncode == 1, "what failed is tried again"


def test_a_failing_installation_of_packages_shows_why_and_is_not_taken_for_done(machine: Machine) -> None:
    machine.has("uv", '[ "$1" = --version ] || { echo "no Python found" >&2; exit 2; }')
    done = machine.setup()
    assert done.returncode == 1
    assert "no Python found" in done.stderr
    machine.has("uv", UV)
    assert machine.setup().returncode == 0
    assert "uv sync" in machine.called()


def test_a_wrong_argument_is_named(machine: Machine) -> None:
    done = machine.setup("--tests")
    assert done.returncode == 2
    assert "unknown argument --tests" in done.stderr
