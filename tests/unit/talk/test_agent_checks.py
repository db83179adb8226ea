"""Every agent is tried before a call: what is wrong is a line with its file, and nobody finds it out in a call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from switchboard.talk.agent_checks import Findings, check_agents
from switchboard.talk.options import AgentOptions
from switchboard.talk.roster import Roster
from tests.business import AGENTS, ROOT, ROSTER
from tests.unit.routing.routing_files import DEFAULT

AGENT = "from switchboard.talk.agent import PhoneAgent\n"
TOOLS = "from livekit.agents import function_tool\n" + AGENT
BROKEN = {
    "syntax": "class Syntax(:\n",
    "none": AGENT,
    "two": AGENT + "class One(PhoneAgent): ...\nclass Two(PhoneAgent): ...\n",
    "raises": AGENT + "class Raises(PhoneAgent):\n    def __init__(self, *a):\n        raise KeyError('x')\n",
    "imports": "import nothing_of_that_name\n" + AGENT,
    "untyped": TOOLS
    + "class Untyped(PhoneAgent):\n    @function_tool\n    async def look(self, day) -> str:\n        return ''\n",
    "named": TOOLS
    + 'class Named(PhoneAgent):\n    @function_tool(name="x")\n    async def a(self) -> str:\n        return ""\n'
    + '    @function_tool(name="x")\n    async def b(self) -> str:\n        return ""\n',
    "twice": TOOLS
    + 'class Twice(PhoneAgent):\n    @function_tool\n    async def a(self) -> str:\n        return ""\n'
    + '    @function_tool\n    async def a(self) -> str:\n        return ""\n',
    "nobody": AGENT + 'class Nobody(PhoneAgent):\n    def go(self):\n        return self.hand_over_to("twise")\n',
}
GOOD = TOOLS + (
    "class Good(PhoneAgent):\n    def __init__(self, *args, **more):\n        super().__init__(*args, **more)\n"
    "        self.rows = [row for row in self.conversation.business.shop.rows(5)]\n"
    '    @function_tool\n    async def look(self, day: str) -> str:\n        return ""\n'
)


def _business(folder: Path, prompts: dict[str, str], agents: dict[str, str] | None = None) -> Path:
    for name, files in (("prompts", prompts), ("agents", agents or {})):
        (folder / name).mkdir()
        for file, text in files.items():
            (folder / name / file).write_text(text)
    (folder / "agent.py").write_text("")
    (folder / "agents" / "__init__.py").write_text("")
    return folder


def _check(folder: Path, asked: str = "front_desk", options: dict[str, AgentOptions] | None = None) -> Findings:
    return check_agents(Roster(folder), options or {}, {asked})


def test_the_shipped_business_has_nothing_to_tell() -> None:
    assert check_agents(ROSTER, {}, AGENTS) == Findings((), ())


def test_each_fault_of_a_class_is_one_line_with_its_file_and_line(tmp_path: Path) -> None:
    names = [*BROKEN, "good", "front_desk"]
    agents = {f"{name}.py": text for name, text in (BROKEN | {"good": GOOD}).items()}
    _business(tmp_path, {f"{name}.md": "Help." for name in names}, agents)
    (tmp_path / "switchboard.toml").write_text(DEFAULT)
    # In a process of its own: this one has a package `agents` already.
    command = [sys.executable, "-c", "from switchboard.cli import main; main()", "check"]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert checked.returncode == 2
    lines = checked.stderr.splitlines()
    for line in (
        "agents/syntax.py:1: this is not Python: ",
        "agents/none.py:1: agents/none.py has no class",
        "agents/two.py:1: agents/two.py has 2 classes",
        "agents/raises.py:4: the agent cannot be made: KeyError: 'x'",
        "agents/imports.py:1: the agent cannot be made: ModuleNotFoundError",
        "agents/untyped.py:4: tool look: its argument day has no type",
        'agents/named.py:7: two tools are called "x", the other in line 4',
        "agents/twice.py:8: a is there twice, first in line 5",
        'agents/nobody.py:4: hands over to "twise", which is no agent (did you mean "twice"?',
    ):
        assert any(told.startswith(line) for told in lines), (line, lines)
    assert len(lines) == len(BROKEN)


def test_a_class_without_a_prompt_is_a_fault_unless_another_agent_builds_on_it(tmp_path: Path) -> None:
    agents = {
        "rentals.py": AGENT + "\nclass Rentals(PhoneAgent):\n    pass\n",
        "base.py": AGENT + "class Base(PhoneAgent):\n    pass\n",
        "more.py": "from agents.base import Base\n",
        "stock.py": "class Stock:\n    pass\n",
    }
    _business(tmp_path, {"front_desk.md": "Help."}, agents)
    assert _check(tmp_path).faults == ("agents/rentals.py:3: this agent has no prompt: write prompts/rentals.md",)


def test_an_empty_prompt_is_a_fault_in_whatever_language(tmp_path: Path) -> None:
    _business(tmp_path, {"front_desk.md": "Hello.\n---\n \n", "front_desk.es.md": " "})
    (tmp_path / "prompts" / "front_desk.fr.md").write_bytes(b"\xff")
    assert [line.partition(": ")[0] for line in _check(tmp_path).faults] == [
        "prompts/front_desk.es.md:1",
        "prompts/front_desk.fr.md:1",
        "prompts/front_desk.md:1",
    ]


def test_a_prompt_that_nobody_reaches_is_a_warning(tmp_path: Path) -> None:
    names = ("front_desk", "sales", "support", "forgotten")
    _business(tmp_path, {f"{name}.md": "Help." for name in names})
    options = {"front_desk": AgentOptions({"sales": "x"}), "sales": AgentOptions({"support": "x"})}
    (warning,) = _check(tmp_path, options=options).warnings
    assert warning.startswith("prompts/forgotten.md: no route")


def test_who_hands_over_in_code_reaches_somebody_too(tmp_path: Path) -> None:
    text = (ROOT / "tests/live/business_0_1/agents/support.py.txt").read_text()
    _business(tmp_path, {"support.md": "Help.", "sales.md": "Sell.", "front_desk.md": "Greet."}, {"support.py": text})
    warnings = _check(tmp_path, "support").warnings
    assert [warning.partition(":")[0] for warning in warnings] == ["prompts/front_desk.md"]


def test_a_business_without_classes_is_checked_without_importing_livekit(tmp_path: Path) -> None:
    _business(tmp_path, {"front_desk.md": "Help."})
    (tmp_path / "switchboard.toml").write_text(DEFAULT)
    code = "import sys\nfrom switchboard.cli import app\napp(['check'], standalone_mode=False)\n"
    code += "assert 'livekit.agents' not in sys.modules, 'imported'"
    checked = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stderr.count("imported")) == (0, 0), checked.stderr


def test_what_another_file_of_the_business_does_is_told_with_that_file_and_its_line(tmp_path: Path) -> None:
    agents = {
        "front_desk.py": "from shop_stock import Stock\n" + AGENT + "class FrontDesk(PhoneAgent): ...\n",
        "sales.py": AGENT + "class Sales(PhoneAgent): ...\n",
    }
    _business(tmp_path, {"front_desk.md": "Help.", "sales.md": "Sell."}, agents)
    (tmp_path / "shop_stock.py").write_text("import json\n\nclass Stock:\n    table = json.loads('{')\n")
    (tmp_path / "agent.py").write_text("x = 1\ndef answer(:\n")
    (tmp_path / "switchboard.toml").write_text(DEFAULT)
    command = [sys.executable, "-c", "from switchboard.cli import main; main()", "check"]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert checked.returncode == 2
    broken, stock = checked.stderr.splitlines()
    assert broken.startswith("agent.py:2: this is not Python")
    assert stock.startswith("agents/front_desk.py:1: the agent cannot be made: JSONDecodeError")
    assert stock.endswith("(in shop_stock.py:4)")


def test_placeholders_that_no_call_fills_in_are_faults_where_they_are_spoken_and_warnings_elsewhere(
    tmp_path: Path,
) -> None:
    prompts = {"front_desk.md": 'Hello {nmae}.\n---\nBe kind.\nAsk {name} and {frm}; answer {"a": 1}, {{this}}.'}
    _business(tmp_path, prompts)
    found = _check(tmp_path)
    (fault,) = found.faults
    assert fault.startswith('prompts/front_desk.md:1: greeting: unknown placeholder {nmae} (did you mean "name"?')
    (warning,) = found.warnings
    assert warning.startswith('prompts/front_desk.md:4: unknown placeholder {frm} (did you mean "from"?')
