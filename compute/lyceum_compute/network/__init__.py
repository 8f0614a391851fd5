"""The way out of projects that may have one: a gate of the host's, which knows where nobody may go."""
