"""One file a platform: pure verification and parsing."""
