"""JupyterLab as a project runs it: on its socket, started by the first connection, ended when nobody needs it."""
