"""A paper becomes a card, cards become a message, a message becomes bytes."""
