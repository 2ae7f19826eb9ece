"""What a service needs of its store and its destinations, looked at before it is missed."""
