"""The tables of the DynamoDB provider, one module each."""
