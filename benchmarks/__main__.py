from __future__ import annotations

from benchmarks.interview import main

main()
