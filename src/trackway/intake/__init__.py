"""Intake: law before reading, then plan, locked workers, and batches that commit whole."""
