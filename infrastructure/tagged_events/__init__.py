"""Tagged events: guards, conditions, decision reads, the store; the same for every provider."""
