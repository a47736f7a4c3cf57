"""Where work is done: in this process, in workers of this machine, or in those of a cluster."""
