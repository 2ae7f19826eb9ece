"""Every request of every use case, with everything that can happen to it on its way."""
