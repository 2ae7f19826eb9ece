"""The move from MySQL by contract: what is checked, copied, compared, and served meanwhile."""
