"""The network: who is in contact with whom, who is prominent among those seen, and what was not seized."""
