"""One file a screen: what it reads from ``views``, and which template shows it."""
