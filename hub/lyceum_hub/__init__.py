"""The hub: accounts, projects and synchronised tables, over HTTP and Engine.IO."""

#: The version of Lyceum that this hub belongs to.
VERSION = "0.1.0"
