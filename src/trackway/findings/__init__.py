"""How findings are derived and kept up to date: stages over subjects, and the table of what must be looked at again."""
