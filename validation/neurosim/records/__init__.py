"""The files of the reference tool's figures, and what a record of them says."""
