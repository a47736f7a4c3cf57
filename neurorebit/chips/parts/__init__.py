"""Blocks, phases, floorplan and specification that all organisations of chips share."""
