"""What people ask of a warehouse: queries, the analysts' questions, checks, the report."""
