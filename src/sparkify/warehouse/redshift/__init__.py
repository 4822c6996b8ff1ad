"""The Amazon Redshift engine."""
