"""The terminals of a project: shells that go on while nobody looks, and several people who look at one."""
