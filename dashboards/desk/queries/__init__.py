"""What the desk asks besides the boards' panels: its work, the messages that it is about, what a search finds.

Written like :mod:`dashboards.queries`. These are asked again and again while somebody watches, so they read what is small, or
few rows by their key.
"""
