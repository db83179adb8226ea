"""`switchboard new`: a business of one's own, which answers a call as it is."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tempfile
import unicodedata
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from switchboard.cli.output import fail

_TEMPLATES = "new_business"  # each file's name ends in .txt, so that nobody takes it for code of the product
_RUNS = ("scripts/demo", "scripts/test")


def register(app: typer.Typer) -> None:
    app.command()(new)


def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist yet, or is empty.")],
    name: Annotated[str, typer.Option(help="What the business is called; by default as the folder.")] = "",
) -> None:
    """Make a business of your own in DIR: a table, a prompt, a test. Its scripts/demo answers a call at once."""
    folder = folder.resolve()
    called = " ".join((name or folder.name.replace("-", " ").replace("_", " ").title()).split())
    if not called:
        fail("--name is empty: write what the business is called, or leave it out")
    try:
        _make(folder, called)
    except OSError as error:
        fail(f"{folder} cannot be written: {error.strerror}")
    typer.echo(f"{folder}: {called} can be called. Try it:")
    typer.echo(f"  cd {shlex.quote(str(folder))}\n  scripts/demo\n  scripts/test")


def _make(folder: Path, called: str) -> None:
    """The business in `folder`, or nothing at all. Raises OSError."""
    if folder.exists() and not folder.is_dir():
        fail(f"{folder} is a file: name a folder that does not exist yet")
    if folder.exists() and any(folder.iterdir()):
        fail(f"{folder} is not empty: name a folder that does not exist yet")
    lacking = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # Made within it and moved up whole: somebody may be standing in the folder already.
        with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as unfinished:
            made = Path(unfinished) / "business"
            _write(files("switchboard.cli") / _TEMPLATES, made, _values(called))
            _write_schema(made / "switchboard.schema.json")
            if checkout := _checkout():
                # uv takes the versions that it names where it can: those that Switchboard was tried with.
                shutil.copyfile(checkout / "uv.lock", made / "uv.lock")
            for item in made.iterdir():
                item.rename(folder / item.name)
    except BaseException:
        for item in folder.iterdir():
            shutil.rmtree(item) if item.is_dir() else item.unlink()
        for parent in lacking:
            parent.rmdir()
        raise


def _write(template: Traversable, target: Path, values: dict[str, str]) -> None:
    target.mkdir()
    for item in template.iterdir():
        if item.is_dir():
            _write(item, target / item.name, values)
            continue
        path = target / item.name.removesuffix(".txt")
        text = item.read_text(encoding="utf-8")
        # agent.py is Python as it stands, and the same for everyone.
        path.write_text(text if path.name == "agent.py" else Template(text).substitute(values), encoding="utf-8")
        if f"{target.name}/{path.name}" in _RUNS:
            path.chmod(0o755)


def _write_schema(path: Path) -> None:
    from switchboard.files.schema import json_schema
    from switchboard.worker.routing_file import Sections

    path.write_text(json.dumps(json_schema(Sections), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _slug(name: str) -> str:
    """`name` as packages, images and workers are called: lower case, letters, digits and hyphens of ASCII."""
    plain = unicodedata.normalize("NFKD", re.sub("['\u2019]", "", name)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "business"


def _values(name: str) -> dict[str, str]:
    """What the templates ask for. A checkout of Switchboard is the product that the business uses."""
    checkout = _checkout()
    sources = f'\n[tool.uv.sources]\nswitchboard = {{ path = "{checkout}", editable = true }}\n' if checkout else ""
    # A later minor version may ask for steps (docs/upgrading.md), so it does not come by itself.
    requirement = "switchboard" if checkout else f"switchboard~={version('switchboard')}"
    where = str(checkout) if checkout else "CHECKOUT"
    return {"name": name, "slug": _slug(name), "sources": sources, "requirement": requirement, "where": where}


def _checkout() -> Path | None:
    """Where this Switchboard is being run from, None where it was installed as a package."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "scripts" / "setup").is_file() and (root / "lab").is_dir() else None
