"""Faults on purpose: mutated inputs through all commands, and trainings that are killed.

python -m validation.faults inputs [--count N] [--seed N]
python -m validation.faults kills [--count N] [--seed N] [--last S]

Both print counts; ``docs/validation/faults.md`` has those of a whole run.
"""
