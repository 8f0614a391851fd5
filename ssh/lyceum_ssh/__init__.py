"""The SSH gateway of an edge: ends people's SSH, asks a hub who they are, and passes their channels on to projects."""
