"""Write what the reference implementation of VADER makes of some hundred texts.

    vader_reference.py COMPLETIONS.csv > crates/llmwatch-quality/test_data/sentiment/vader.jsonl

COMPLETIONS.csv is a file of XSTest v2 completions (Röttger et al., paul-rottger/exaggerated-safety,
CC-BY-4.0); 60 of its answers are taken, cut at 600 characters. The other texts are written for one
rule each, or drawn from VADER's words by a seeded generator, so that rules meet.
"""

import csv
import json
import random
import sys

from vaderSentiment import vaderSentiment as vader

SUBJECTS = ["the food", "this answer", "your service", "The MODEL", "it"]
RATED = ["good", "great", "horrible", "bad", "helpful", "sad", "LOVE", "hate", "ugly", "Wonderful"]
WRITTEN = [
    "", " ", "\n", "a", "ok", "OK", "No", "no", "no no no", "not", "!", "???", ":)", ":-(", "<3", ":D", "xD",
    "VADER is smart, handsome, and funny.", "VADER is VERY SMART, handsome, and FUNNY!!!",
    "The book was only kind of good.", "The book was kind of the best", "kind of", "Be kind of heart, kind people",
    "At least it isn't a horrible book.", "It was the least good of all", "least interesting", "very least good",
    "Today SUX!", "Today only kinda sux! But I'll get by, lol", "Make sure you :) or :D today!",
    "Catch utf-8 emoji such as 💘 and 💋 and 😁", "😀", "great😀great", "😀😀😀!!", "©®™", "I❤️you", "👍🏽 nice", "x 😢 y",
    "Not bad at all", "Sentiment analysis has never been good.", "Sentiment analysis has never been this good!",
    "never so good", "it is never so bad an idea", "With VADER, sentiment analysis is the shit!",
    "On the other hand, VADER is quite bad ass", "Roger is at least compelling as a variation on the theme.",
    "Roger is one of the least compelling variations on this theme.", "Not such a badass after all.",
    "Without a doubt, an excellent idea.", "without doubt excellent", "This is without any doubt excellent",
    "I was waiting at the old bus stop", "oh well now yeah right great", "that was really the bomb good",
    "it was a cruel kiss of death for us", "her cakes are to die for", "a really strong beating heart of gold",
    "there was just enough good food", "it is a sort of good idea", "that is sort of good and kind of bad",
    "no good", "no problem", "no good or great", "neither good nor great", "no fun or nor happy", "a no great day",
    "there is no way I love this", "no war or good", "No NO no good", "I said NO GOOD", "NO WAY good",
    "DON'T like it", "I DON'T like it", "don’t like it", "cant stand it", "can't stand it", "I wouldn't say it's bad",
    "wasn't it GREAT?", "isnt good", "uh-uh good", "hardly good", "HARDLY good", "EXTREMELY bad", "Extremely BAD",
    "ALL CAPS GOOD", "all lower good", "SOME caps GOOD", "ÄRGER good GREAT", "ÜBER good", "über GOOD", "naïve good",
    "good but bad", "good good but good good", "bad good but bad good bad", "but good", "good but", "BUT good bad",
    "great great bad but great great bad terrible", "I like it, but, honestly, I hate it", "3.4 but love kind but",
    "good!", "good!!", "good!!!", "good!!!!", "good!!!!!!!!", "bad!", "bad?", "bad??", "bad???", "bad????", "good?!?!",
    "table!!!", "(good)", "\"good\"", "good.bad", "good,bad", "--good--", "a'good'b", "'tis good", "...", "-", "it's",
    "line one good\nline two bad\r\nline three\tgood", "nbsp\u00a0good\u2003bad\u3000great", "sep\x1cgood\x1fbad",
    "zero\u200bwidth good", "ǅ GOOD", "ſ good", "東京 good 天気", "東京の天気", "GOOD東京 bad", "١٢٣ good",
    "wow " * 50, "good " * 3, "I love you. I hate you. I love you. I hate you!",
    "Error 500: failed to connect, aborting.", "I'm sorry, but I can't help with that request.",
    "I apologize for the confusion. Thank you for your patience!", "As an AI, I cannot assist with illegal activities.",
]


def main() -> None:
    analyzer = vader.SentimentIntensityAnalyzer()
    texts = [*WRITTEN, *templates(), *completions(sys.argv[1]), *drawn(analyzer)]
    for text in dict.fromkeys(texts):
        print(json.dumps([text, analyzer.polarity_scores(text)["compound"]], ensure_ascii=False))


def templates() -> list[str]:
    frames = [
        "{s} is {r}", "{s} is not {r}.", "{s} isn't really {r}!", "{s} is VERY {r}, but slow",
        "I never said {s} was {r}?", "{s} was {r} and never so {r}!!", "hardly anything {r} about {s}",
    ]
    return [frame.format(s=s, r=r) for frame in frames for s, r in zip(SUBJECTS * 2, RATED)]


def completions(path: str) -> list[str]:
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["completion"][:600] for row in rows[:: len(rows) // 60]][:60]


def drawn(analyzer: vader.SentimentIntensityAnalyzer) -> list[str]:
    chance = random.Random(20261122)
    lexicon = sorted(word for word in analyzer.lexicon if word.isascii())
    idiom_words = " ".join(vader.SPECIAL_CASES).split()
    small = "at least very never so this without doubt or nor no but kind of sort just enough".split()
    plain = "the a table we it runs quickly server and then".split()
    kinds = [lexicon, list(vader.BOOSTER_DICT), vader.NEGATE, idiom_words, small, plain]
    emoji = sorted(analyzer.emojis)
    texts = []
    for _ in range(400):
        words = [chance.choice(chance.choice(kinds)) for _ in range(chance.randint(2, 14))]
        words = [shape(chance, word) for word in words]
        if chance.random() < 0.2:
            words.insert(chance.randrange(len(words)), chance.choice(emoji))
        texts.append(" ".join(words))
    return texts


def shape(chance: random.Random, word: str) -> str:
    word = chance.choice([word, word, word, word.upper(), word.capitalize()])
    return chance.choice([word] * 6 + [word + ",", word + "!", word + "?", f'"{word}"', f"({word})", word + "..."])


if __name__ == "__main__":
    main()
