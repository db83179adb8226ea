"""Every agent tried before a call does: its prompt read, its class built once, and who reaches whom.

What only reading can tell is told without importing anything: a business without classes is checked in no time.
"""

from __future__ import annotations

import ast
import inspect
import traceback
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from switchboard.files.suggest import suggest
from switchboard.routing.placeholders import IN_INSTRUCTIONS, is_known, placeholder_faults, unknown
from switchboard.talk.options import NOTHING, AgentOptions
from switchboard.talk.roster import BadAgent, Roster

if TYPE_CHECKING:
    from livekit.agents import FunctionTool
    from livekit.agents.llm import RawFunctionTool

_BASE = "PhoneAgent"


@dataclass(frozen=True, slots=True)
class Findings:
    """A line for each; `faults` keep a worker from starting."""

    faults: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(slots=True)
class _File:
    """What reading a file of `agents/` tells. `hands_over` has each name that is written out; None is any."""

    name: str
    faults: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    class_line: int | None = None
    hands_over: list[tuple[str | None, int]] = field(default_factory=list[tuple[str | None, int]])
    imports: set[str] = field(default_factory=set[str])

    def lines(self) -> Iterator[str]:
        for line, what in self.faults:
            yield f"agents/{self.name}.py:{line}: {what}"


def check_agents(roster: Roster, options: Mapping[str, AgentOptions], asked: Collection[str]) -> Findings:
    """What is wrong with the agents of `roster`. `asked` are those that a route or [default] names. Never raises."""
    names = roster.names()
    files = {path.stem: _read(path) for path in sorted((roster.folder / "agents").glob("*.py"))}
    faults = [f"agent.py:{line}: {what}" for line, what in _read(roster.folder / "agent.py").faults]
    faults += _prompt_faults(roster.folder / "prompts")
    bases = {name for file in files.values() for name in file.imports}
    for name, file in files.items():
        for colleague, line in file.hands_over:
            if colleague is not None and colleague not in names:
                file.faults.append(
                    (line, f'hands over to "{colleague}", which is no agent {suggest(colleague, names)}')
                )
        if file.class_line and name not in names and name not in bases:
            file.faults.append((file.class_line, f"this agent has no prompt: write prompts/{name}.md"))
        if not file.faults and name in names:
            file.faults += _build(roster, name, options)
        faults += file.lines()
    warnings = (*_prompt_warnings(roster.folder / "prompts"), *_unreached(names, files, options, asked))
    return Findings(tuple(faults), warnings)


def _prompt_faults(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.md")):
        where = f"{folder.name}/{path.name}:1"
        try:
            greeting, rule, instructions = path.read_text(encoding="utf-8").partition("\n---\n")
        except UnicodeDecodeError:
            yield f"{where}: is not UTF-8 text: save the file as UTF-8"
        except OSError as error:
            yield f"{where}: cannot be read: {error.strerror}"
        else:
            if rule and not instructions.strip():
                yield f"{where}: below the line --- nothing says what the agent is to do"
            elif not (greeting + instructions).strip():
                yield f"{where}: is empty: write what the agent is to do"
            if rule:
                yield from (f"{where}: greeting: {wrong}" for wrong in placeholder_faults(greeting))


def _prompt_warnings(folder: Path) -> Iterator[str]:
    """Braces in instructions may be just that."""
    for path in sorted(folder.glob("*.md")):
        with suppress(OSError, UnicodeDecodeError):
            greeting, rule, instructions = path.read_text(encoding="utf-8").partition("\n---\n")
            first = greeting.count("\n") + 3 if rule else 1
            for number, line in enumerate((instructions if rule else greeting).split("\n"), start=first):
                for match in IN_INSTRUCTIONS.finditer(line):
                    if not is_known(match[1]):
                        yield f"{folder.name}/{path.name}:{number}: {unknown(match[1])} stays as it is (warning)"


def _read(path: Path) -> _File:
    found = _File(path.stem)
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        found.faults.append((error.lineno or 1, f"this is not Python: {error.msg}"))
        return found
    except (OSError, ValueError, RecursionError) as error:
        found.faults.append((1, f"cannot be read: {error}"))
        return found
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(bases=bases) if any(ast.unparse(base).rpartition(".")[2] == _BASE for base in bases):
                found.class_line = found.class_line or node.lineno
                found.faults += _twice(node)
            case ast.Call(func=ast.Attribute(attr="hand_over_to"), args=[first, *_]):
                name = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
                found.hands_over.append((name, node.lineno))
            case ast.ImportFrom(module="agents", names=names):
                found.imports |= {one.name for one in names}
            case ast.ImportFrom(module=str(module)) if module.startswith("agents."):
                found.imports.add(module.removeprefix("agents."))
            case _:
                pass
    return found


def _twice(agent: ast.ClassDef) -> Iterator[tuple[int, str]]:
    """Methods of one name: Python would keep the last without a word."""
    first: dict[str, int] = {}
    for node in agent.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if node.name in first and node.decorator_list:
                yield node.lineno, f"{node.name} is there twice, first in line {first[node.name]}"
            first.setdefault(node.name, node.lineno)


def _build(roster: Roster, name: str, options: Mapping[str, AgentOptions]) -> Iterator[tuple[int, str]]:
    """Make the agent once, and what a model is told of its tools."""
    from livekit.agents import FunctionTool

    from switchboard.talk.trial_call import trial_conversation

    path = roster.folder / "agents" / f"{name}.py"
    try:
        agent = roster.agent_class(name)(trial_conversation(roster, options))
    except BadAgent as fault:
        yield 1, str(fault)
        return
    except Exception as fault:  # the business's own code: whatever it raises
        yield _line_in(path, fault), f"the agent cannot be made: {told(roster.folder, path, fault)}"
        return
    seen: dict[str, int] = {}
    for tool in cast("list[FunctionTool[..., Any] | RawFunctionTool[..., Any]]", agent.tools):
        line = _line_of(tool, path)
        if tool.info.name in seen:
            yield line, f'two tools are called "{tool.info.name}", the other in line {seen[tool.info.name]}'
        seen.setdefault(tool.info.name, line)
        if isinstance(tool, FunctionTool):
            wrong = _schema_fault(tool)
            if wrong:
                yield line, f"tool {tool.info.name}: {wrong}"


def _schema_fault(tool: FunctionTool[..., Any]) -> str | None:
    from livekit.agents.llm.utils import build_strict_openai_schema  # pyright: ignore[reportUnknownVariableType]

    for parameter in inspect.signature(tool).parameters.values():
        if parameter.annotation is parameter.empty and parameter.name != "self":
            return f"its argument {parameter.name} has no type: write {parameter.name}: str, or what it is"
    try:
        build_strict_openai_schema(tool)
    except Exception as fault:
        return f"a model cannot be told of it: {_words(fault)}"
    return None


def _line_of(tool: object, path: Path) -> int:
    """Where a tool is defined, if that is in `path`."""
    try:
        code = inspect.unwrap(cast("Any", tool)).__code__
    except AttributeError:
        return 1
    return code.co_firstlineno if Path(code.co_filename) == path else 1


def _line_in(path: Path, fault: Exception) -> int:
    """The last line of `path` that led to the fault."""
    frames = traceback.extract_tb(fault.__traceback__)
    return next((frame.lineno or 1 for frame in reversed(frames) if Path(frame.filename) == path), 1)


def told(folder: Path, path: Path, fault: Exception) -> str:
    """What the business's own code in `path` raised, and where in `folder` that was, if elsewhere."""
    return f"{_words(fault)}{_origin(folder, path, fault)}"


def _origin(folder: Path, path: Path, fault: Exception) -> str:
    """Which other file of the business it was that raised."""
    places = [(Path(frame.filename), frame.lineno or 1) for frame in traceback.extract_tb(fault.__traceback__)]
    if isinstance(fault, SyntaxError) and fault.filename:
        places.append((Path(fault.filename), fault.lineno or 1))
    ours = [place for place in places if place[0].is_relative_to(folder) and ".venv" not in place[0].parts]
    if not ours or ours[-1][0] == path:
        return ""
    file, line = ours[-1]
    return f" (in {file.relative_to(folder)}:{line})"


def _words(fault: Exception) -> str:
    return " ".join(f"{type(fault).__name__}: {fault}".split())[:300]


def _unreached(
    names: Collection[str], files: Mapping[str, _File], options: Mapping[str, AgentOptions], asked: Collection[str]
) -> Iterator[str]:
    """Agents whom no call can get to; none where a class chooses its colleague while it talks."""
    seen, ahead = set[str](), list(asked)
    while ahead:
        name = ahead.pop()
        if name in seen:
            continue
        seen.add(name)
        written = files[name].hands_over if name in files else []
        if any(colleague is None for colleague, _ in written):
            return
        ahead += [*options.get(name, NOTHING).hand_over, *(colleague for colleague, _ in written if colleague)]
    for name in names:
        if name not in seen:
            yield f"prompts/{name}.md: no route, no [default] and no hand-over reaches {name} (warning)"
