"""Grafana's dashboards, made from :mod:`dashboards.boards`: ``python -m dashboards.grafana``."""
