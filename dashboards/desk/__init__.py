"""The operators' desk: a web page of work to be done, and of how each community is."""
