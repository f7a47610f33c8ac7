"""The report: what was found, for a tired operator on a terminal, in Chinese, in English, or both side by side."""

from huoqun.report.collect import Query, Report, collect
from huoqun.report.render import render
from huoqun.report.words import Lang

__all__ = ["Lang", "Query", "Report", "collect", "render"]
