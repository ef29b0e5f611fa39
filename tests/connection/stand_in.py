"""A small stand-in for child processes, such as the local service."""

from __future__ import annotations

# Greets as the local service does, and ends with its standard input.
GOOD = """
import json, os, sys
token = sys.stdin.readline().strip()
assert len(token) > 30 and token not in " ".join(sys.argv)
sys.stderr.write(f"listening, ?token={token}\\n"); sys.stderr.flush()
print(json.dumps({"master": "http://127.0.0.1:1", "slave": "ws://127.0.0.1:2", "pid": os.getpid()}), flush=True)
sys.stdin.read()
"""
