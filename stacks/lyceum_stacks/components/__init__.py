"""What an instance is made of in the cloud; each module one component, with its resources as children."""
