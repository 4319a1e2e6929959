"""Applications that are observed by the instrumentations that people use, each a process of its own."""
