"""Pure rules. Nothing here does I/O, reads a clock or imports anything beyond the standard library."""
