"""What a deployment installs: wheelhouses for the hosts, and the files of the web client."""
