"""Benchmarks: each figure beside a baseline measured in the same run. Nothing here fails a build."""
