"""One declaration a context: what it stores, and what it tells others."""
