"""How a unit of work commits: participants hand over actions, one transaction sends them."""
