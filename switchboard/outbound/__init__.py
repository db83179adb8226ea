"""Calls that we make: dialling, what became of it, and who picked up."""
