"""A run: from listed files to a committed star schema."""
