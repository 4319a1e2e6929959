"""The vocabulary: what a call, a task, a rating, a window are. Imports nothing of ours but the errors."""
