"""Engine.IO: calls with answers by id, and synchronised tables. The rules are in the services."""
