"""`dynastrata migrate`: from MySQL by contract."""
