"""What runs in a project on the hubs' behalf, as the project's user: commands and files.

It is started on demand for every project, so it is small: threads and blocking calls, no event loop, nothing imported
that is not needed for the first answer (dataclasses, for one, would cost a quarter more).
"""
