"""Benchmarks: ``python -m benchmarks NAME …``. They measure; none is a test."""
