"""Arrays that learn in place, with a fast array beside each (Tiki-Taka)."""
