"""Containers: folders, archives, disk images. Each yields members with their places; it reads no format."""
