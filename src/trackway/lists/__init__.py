"""Known lists: who says what of a hash. Each list's claim stays its own; none is merged or adopted."""
