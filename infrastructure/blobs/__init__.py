"""Blob stores: in memory, in a folder, in S3, with a read cache; and offloading to them."""
