"""From settings and a contract to what migrates."""
