"""Lyceum's storage host: receives copies of projects, keeps snapshots of them, and answers for these."""

__version__ = "0.1.0"
