"""What reaches a terminal: tables, messages, streams."""
