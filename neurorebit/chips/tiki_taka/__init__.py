"""Arrays that learn in place, with a fast array for each (Tiki-Taka)."""
