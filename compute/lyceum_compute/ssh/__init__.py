"""The SSH server of a project, run by the project's user: OpenSSH's, started for each connection."""
