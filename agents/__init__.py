"""Who talks at Harbor Bikes, the example business: a file an agent that has tools of its own, and what the tools use.

An agent needs a prompt (`prompts/NAME.md`) and no more. Its class, where it has one, is here in `NAME.py`.
"""
