"""The command line, a file per noun. Each command asks a service and shows what it says."""
