"""The use cases. Each takes a session, or a factory of sessions where it must talk to the network in between."""
