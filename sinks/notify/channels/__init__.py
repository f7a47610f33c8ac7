"""The senders: how a notice becomes each service's own request."""
