"""The compute daemon: opens, runs, saves and closes the projects of one host."""
