"""The wire protocol that hubs, compute hosts and storage hosts speak."""
