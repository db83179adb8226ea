"""`switchboard new`: a business of one's own, which answers a call as it is."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
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
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        fail(f"{folder} is not empty: name a folder that does not exist yet")
    called = " ".join((name or folder.name.replace("-", " ").replace("_", " ").title()).split())
    slug = re.sub(r"[^a-z0-9]+", "-", called.casefold()).strip("-") or "business"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Made beside its place and moved there whole: what fails leaves nothing half written.
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".switchboard-new-") as unfinished:
            made = Path(unfinished) / "business"
            _write(files("switchboard.cli") / _TEMPLATES, made, _values(called, slug))
            _write_schema(made / "switchboard.schema.json")
            if folder.exists():
                folder.rmdir()
            shutil.move(made, folder)
    except OSError as error:
        fail(f"{folder} cannot be written: {error.strerror}")
    typer.echo(f"{folder}: {called} can be called. Try it:")
    typer.echo(f"  cd {folder}\n  scripts/demo\n  scripts/test")


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


def _values(name: str, slug: str) -> dict[str, str]:
    """What the templates ask for. A checkout of Switchboard is the product that the business uses."""
    checkout = _checkout()
    sources = f'\n[tool.uv.sources]\nswitchboard = {{ path = "{checkout}", editable = true }}\n' if checkout else ""
    where = str(checkout) if checkout else "CHECKOUT"
    return {"name": name, "slug": slug, "checkout": str(checkout or ""), "sources": sources, "where": where}


def _checkout() -> Path | None:
    """Where this Switchboard is being run from, None where it was installed as a package."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "scripts" / "setup").is_file() and (root / "lab").is_dir() else None
