"""Editions: immutable folders of tables, and the one database that readers open."""
