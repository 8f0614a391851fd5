"""The local lab: real Debian machines, booted by systemd-nspawn, each in a network namespace of its own."""
