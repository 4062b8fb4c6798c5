"""Certificates of single fixed points: existence, uniqueness, and a box that holds exactly one."""
