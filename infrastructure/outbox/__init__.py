"""Messages that are stored with what they tell of, and the relays that publish them."""
