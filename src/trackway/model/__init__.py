"""The words of the program as small frozen types. Imports nothing else of Trackway."""
