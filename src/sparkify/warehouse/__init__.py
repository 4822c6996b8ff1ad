"""The databases behind one contract."""
