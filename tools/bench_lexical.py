"""The lexical pipeline of the Python libraries users pick, over one file of log records.

    bench_lexical.py RECORDS.ndjson PHRASES.txt

For each Converse record: parse, sentiment of prompt and completion (vaderSentiment), closeness of
the completion to refusal phrases (rapidfuzz), toxicity of both (alt-profanity-check, in one batch,
which is what suits it best). Prints one JSON object: records, and CPU seconds by step, the least of
three rounds.
"""

import json
import sys
import time
from pathlib import Path

import profanity_check
from rapidfuzz import fuzz, process
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

ROUNDS = 3


def main() -> None:
    lines = Path(sys.argv[1]).read_text("utf-8").splitlines()
    phrases = Path(sys.argv[2]).read_text("utf-8").splitlines()
    analyzer = SentimentIntensityAnalyzer()
    profanity_check.predict_prob(["warm up"])
    seconds = {}

    def timed(step, work):
        for _ in range(ROUNDS):
            start = time.process_time()
            result = work()
            took = time.process_time() - start
            seconds[step] = min(took, seconds.get(step, took))
        return result

    exchanges = timed("parse", lambda: [exchange(line) for line in lines])
    texts = [text for pair in exchanges for text in pair]
    moods = timed("sentiment", lambda: [analyzer.polarity_scores(text)["compound"] for text in texts])
    closest = timed("refusal", lambda: [closeness(phrases, answer) for _, answer in exchanges])
    toxicity = timed("toxicity", lambda: profanity_check.predict_prob(texts))
    assert len(moods) == len(toxicity) == 2 * len(closest) == 2 * len(lines)
    print(json.dumps({"records": len(lines), "seconds": seconds}))


def exchange(line: str) -> tuple[str, str]:
    record = json.loads(line)
    asked = record["input"]["inputBodyJson"]["messages"][-1]["content"]
    answered = record["output"]["outputBodyJson"]["output"]["message"]["content"]
    return text(asked), text(answered)


def text(content: list[dict]) -> str:
    return "\n".join(block["text"] for block in content if "text" in block)


def closeness(phrases: list[str], answer: str) -> float:
    _, score, _ = process.extractOne(answer.lower(), phrases, scorer=fuzz.partial_ratio)
    return score


if __name__ == "__main__":
    main()
