"""Telephone trunks and dispatch rules as a file: read, compared with the server, applied, exported."""
