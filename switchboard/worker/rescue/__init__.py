"""Calls whose agent was lost: noticed, claimed by one worker, and gone on with by an agent that knows what was said."""
