"""The measurements of `python -m benchmarks.scale`."""
