"""Write the lexicon and the emoji names that crates/llmwatch-quality/data/vader holds.

    vader_lexicon.py crates/llmwatch-quality/data/vader
"""

import sys
from pathlib import Path

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer


def main() -> None:
    target, analyzer = Path(sys.argv[1]), SentimentIntensityAnalyzer()
    words = {
        word: valence
        for word, valence in analyzer.lexicon.items()
        if word == word.lower() and not any(character.isspace() for character in word)
    }
    assert all(word.isascii() for word in words)
    write(target / "lexicon.tsv", words)
    write(target / "emoji.tsv", {e: name for e, name in analyzer.emojis.items() if len(e) == 1})


def write(path: Path, entries: dict) -> None:
    path.write_text("".join(f"{key}\t{value}\n" for key, value in entries.items()), "utf-8")


if __name__ == "__main__":
    main()
