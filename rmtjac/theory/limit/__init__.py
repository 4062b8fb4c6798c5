"""The limiting spectrum: what is read off the roots of the limit equation."""
