"""Migrations: SQL files in pairs, for before the new hubs start and for after the old ones are gone."""
