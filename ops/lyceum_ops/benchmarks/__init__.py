"""Measurements. Each prints a ratio against a peer or a limit that was taken in the same run."""
