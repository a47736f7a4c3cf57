"""Runs of the command line, recorded: what was asked for, what it read, and what came of it."""
