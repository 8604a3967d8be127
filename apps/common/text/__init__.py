"""Text work that needs no database, no settings and no model."""
