"""Breaks providers while calls go on, and tells by the sound what callers hear. `scripts/chaos` runs it."""
