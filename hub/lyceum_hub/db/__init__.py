"""All SQL of the hub: one module per noun, functions of a connection, rows as structs."""
