"""What may mean that a child is in danger: terms, signs, tiers, and the queue."""
