"""Events in: webhooks, replay and simulation, verified, read and produced to the events topic."""
