"""Projections: their stored states, and the heartbeats of who folds them."""
