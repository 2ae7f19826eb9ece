"""The tables that the models ask for."""
