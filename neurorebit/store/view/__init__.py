"""Pages of runs, served to the browser of this machine's user and to nobody else."""
