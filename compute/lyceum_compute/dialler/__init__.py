"""Makes sockets inside the network of a project, for the gateway: the one thing there that needs privileges."""
