"""What is computed from bytes at intake: digests, PDQ, EXIF, signs of a first generation. Knows no case and no list."""
