"""The sample community: written by us, about nobody, and always labelled simulated."""
