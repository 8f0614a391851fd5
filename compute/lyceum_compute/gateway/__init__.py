"""The way from the hub proxies into the projects of this host: bytes, and nothing that decides who may."""
