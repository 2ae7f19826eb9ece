"""From settings to adapters: all the wiring there is."""
