"""What all rooms share: contracts, codec, ids, topics, configuration, logging, the command line and the local stack."""

__version__ = "0.1.0"
