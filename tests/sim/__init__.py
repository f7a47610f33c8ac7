"""A deterministic simulator of everything between the log of accepted events and the views.

Real: the core, the worker's loop, its outbox, its saves and their recovery, the sink, its batches and its writing. Fake: the
broker, the store, the clock, the event loop's time. Not in it: Faust, the Kafka clients, the gateway.

The notifier's decisions have schedules of their own: :mod:`tests.sim.notices`.
"""
