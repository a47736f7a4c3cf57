"""The commands, one a file: ``add_options(parser)``, and ``main(asked)``, the exit code."""

FAILED, WRONG, UNFINISHED, FAULT, INTERRUPTED = 1, 2, 3, 70, 130
DEBUG = "NEUROREBIT_DEBUG"  # in the environment: faults are shown as tracebacks
