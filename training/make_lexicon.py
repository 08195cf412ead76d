"""Writes crates/llmwatch-quality/src/toxicity/profanity.txt from npm's cuss 2.2.0 (MIT).

Usage: npm pack cuss@2.2.0 && tar xzf cuss-2.2.0.tgz && python make_lexicon.py package/index.js
Keeps the words rated 2 ("most sure") but for those of lexicon_left_out.txt. The words are only data
to match with: they are what the matcher must know.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parent / "crates/llmwatch-quality/src/toxicity/profanity.txt"
HEADER = """\
# From npm's cuss 2.2.0, words rated 2, less training/lexicon_left_out.txt. MIT, Copyright (c) 2016 Titus Wormer: see SOURCES.md.
# Offensive words, there to be recognised. Written by training/make_lexicon.py.
[profane]
"""


def main() -> None:
    rated = re.findall(r"^\s+'?([a-z0-9 '-]+?)'?: 2,?$", Path(sys.argv[1]).read_text(), re.M)
    lines = (HERE / "lexicon_left_out.txt").read_text().splitlines()
    left_out = {word for line in lines if not line.startswith("#") for word in line.split()}
    words = sorted({word for word in rated if word not in left_out and len(word) > 3 or word in ("fag", "cunt")})
    TARGET.write_text(HEADER + "\n".join(words) + "\n")
    print(f"{len(words)} words")


if __name__ == "__main__":
    main()
