"""From records to the broker: what a publisher promises, and the two that keep it."""
