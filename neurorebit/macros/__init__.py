"""Compute-in-memory macros as published: a structure a file, which a record of silicon describes.

A structure is a section of a record; at an operating point and on its supplies it makes a block.
"""
