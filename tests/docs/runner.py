"""Runs a program as a notebook would: ``await`` may stand at its top."""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
import types
from pathlib import Path

source = Path(sys.argv[1])
code = compile(source.read_text(encoding="utf-8"), str(source), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
result = types.FunctionType(code, {"__name__": "__main__"})()
if inspect.iscoroutine(result):
    asyncio.run(result)
