"""Streams of events: their types, their store, and aggregates that are made of them."""
