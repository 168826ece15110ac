"""Many small objects that come and go: dictionaries, strings, trees (run with PYTHONMALLOC=malloc)."""

import collections
import json
import re


class Node:
    """A node of a binary tree."""

    def __init__(self, depth):
        self.left = Node(depth - 1) if depth else None
        self.right = Node(depth - 1) if depth else None


table = {f"k{i}": [i, str(i), {"a": i}] for i in range(60_000)}
text = json.dumps(table)
copy = json.loads(text)
words = re.findall(r"\w+", text)[:200_000]
counts = sorted(collections.Counter(words).items())
for _ in range(3):
    Node(15)
print(len(text), len(copy), len(counts))
