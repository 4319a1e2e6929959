"""Ways in and out over HTTP."""
