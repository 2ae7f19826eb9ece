"""The changes of a DynamoDB table: from its stream, and from the table where the stream ends."""
