"""Switchboard: answers telephone calls and decides by one readable file which voice agent picks up."""
