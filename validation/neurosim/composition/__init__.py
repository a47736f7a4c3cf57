"""Sub-arrays as the records have them: our public blocks, composed for the comparison alone.

A reference tool's sub-array is this composition with the tool's parts in it. No chip of the package
is made of it, and the package's own macros are compared with the records through our own format.
"""
