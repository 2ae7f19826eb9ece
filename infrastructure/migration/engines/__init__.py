"""What does the tasks of a migration: processes of this machine, or Spark."""
