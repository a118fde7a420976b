"""What lists and charts read."""
