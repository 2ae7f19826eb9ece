"""The DynamoDB provider. Every data request passes the gateway."""
