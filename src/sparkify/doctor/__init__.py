"""What may keep a command from working, found before it runs; by the checks that the commands make."""
