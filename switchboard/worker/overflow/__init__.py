"""Callers whom no line is free for: told so, kept waiting with music, or handed on, in the worker's own process."""
