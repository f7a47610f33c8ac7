"""Discord, which tells a bot's own connection only: the relay that posts what it hears to the gateway."""
