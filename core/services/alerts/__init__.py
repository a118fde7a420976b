"""What people are told: conditions raised once, cleared once, and the messages about both."""
