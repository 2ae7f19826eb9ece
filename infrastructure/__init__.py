"""Adapters: everything that talks to the world behind the ports of the application layer."""
