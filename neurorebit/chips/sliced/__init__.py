"""Arrays that hold slices of weights, to which outer products are added in place (PANTHER)."""
