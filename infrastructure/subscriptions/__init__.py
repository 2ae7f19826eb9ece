"""Following the changes of a table: under a lease, from a checkpoint, in order per stream."""
