"""The source of a migration: its schema, the query an entity becomes, and its rows."""
