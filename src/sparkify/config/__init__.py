"""What a user may set, where it is said, and what is refused."""
