"""Local disk for what the broker does not take: written before it is acknowledged, sent in order when the broker is back."""
