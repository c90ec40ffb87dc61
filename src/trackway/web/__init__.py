"""The workspace: pages rendered here, on this machine only. It reads through ``views`` and acts through ``acts``."""
