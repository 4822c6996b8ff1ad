"""From bytes to judged records."""
