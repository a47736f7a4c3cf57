"""From the reference tool's chips to ours: its sum, term by term, and the corrections of it."""
