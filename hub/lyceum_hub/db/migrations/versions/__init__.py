"""The revisions, one for each SQL file."""
