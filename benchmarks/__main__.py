from __future__ import annotations

from benchmarks import interview, search

interview.main()
print()
search.main()
