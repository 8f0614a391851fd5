"""What ``lyceum-hub`` does on the command line, one module per command."""
