"""Servers of projects, forked from a process that has loaded their code already, instead of started anew."""
