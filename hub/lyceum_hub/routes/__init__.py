"""HTTP: reading requests, and writing answers. The rules are in the services."""
