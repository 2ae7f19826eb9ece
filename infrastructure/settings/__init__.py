"""The settings: what there is, what each may be, and where they come from."""
