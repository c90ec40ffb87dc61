"""The command line. Faces hold no logic of their own: they call acts and views, and print."""
