"""The embedded stack: the whole pipeline as child processes of one supervisor."""
