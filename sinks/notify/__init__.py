"""Alerts reach people: who is told what, when, by which channel; and that it is told at least once."""
