"""Where the items of a migration go: tables, files for the import from S3, or nowhere."""
