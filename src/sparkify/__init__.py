"""Sparkify's warehouse: song and log files in, an audited star schema out."""

__version__ = "0.2.0"
