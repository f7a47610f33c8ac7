"""The webhook's door: HTTP in, refusals and acknowledgements out; what a body means, and who may post it."""
