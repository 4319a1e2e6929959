"""Ways in: what arrives from a program, a request, or a file becomes checked calls."""
