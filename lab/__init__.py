"""Everything that only imitates: providers, callers, a stage to try them on. Production imports none of it."""
