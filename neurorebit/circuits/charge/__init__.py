"""Circuits that compute by the charge of capacitors."""
