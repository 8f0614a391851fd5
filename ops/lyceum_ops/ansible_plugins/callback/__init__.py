"""Plugins that the command line gives to Ansible."""
