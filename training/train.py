"""Trains the refusal and toxicity heads, and writes every file of weights in the repository.

Usage: llmwatch-evaluation features | python training/train.py

Standard input is what `features` prints: the signs are the Rust matcher's and the embeddings the
Rust runtime's, so training and scoring cannot disagree on them. The result is deterministic for
the pinned packages. A head is a logistic regression with a Gaussian prior; refusal's signs also
have a known direction (an apology never speaks against a refusal), which is what lets a head
transfer to a model it has not seen.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "crates/llmwatch-quality/src"
FOLDS = ROOT / "evaluation/folds"
CASES = ROOT / "crates/llmwatch-quality/src/test_heads.json"

MODELS = ("gpt4", "llama2orig", "mistralinstruct")
TEMPLATE_FOLDS = 5
TOWARDS = {"refuses", "decline", "wrong", "premise", "machine", "lecture", "helpline", "equality", "apology"}
AGAINST = {"sympathy", "opinion", "nonsense", "comply", "instead", "noaccess"}
HEADER = "# Weights, Apache-2.0, written by training/train.py from the data named in evaluation/data/SOURCES.md.\n"


class Set:
    """All lines of one head as arrays."""

    def __init__(self, lines, names):
        self.names = names
        self.set = np.array([line["set"] for line in lines])
        self.fold = np.array([line["fold"] for line in lines])
        self.label = np.array([line["label"] for line in lines])
        self.signs = np.array([line["signs"] for line in lines])
        self.embedding = np.array([line["embedding"] for line in lines])


def bounds(names):
    """The directions the signs may count in; the bias is free."""
    known = {**{sign: (0, None) for sign in TOWARDS}, **{sign: (None, 0) for sign in AGAINST}}
    return [(None, None)] + [known.get(name.split("_")[0], (None, None)) for name in names]


def fit(features, label, weight, penalty, limits):
    def loss(parameters):
        margin = (2 * label - 1) * (parameters[0] + features @ parameters[1:])
        value = weight @ np.logaddexp(0, -margin) + 0.5 * penalty @ parameters[1:] ** 2
        slope = -(2 * label - 1) * weight / (1 + np.exp(margin))
        return value, np.concatenate([[slope.sum()], features.T @ slope + penalty * parameters[1:]])

    start = np.zeros(features.shape[1] + 1)
    options = {"maxiter": 5000, "ftol": 1e-12, "gtol": 1e-8}
    found = minimize(loss, start, jac=True, bounds=limits, method="L-BFGS-B", options=options)
    assert found.success, found.message
    return np.round(found.x, 5)


def refusal_weights(data, used):
    """Each model's refusals and compliances count alike, near their number; known answers double."""
    weight = np.zeros(len(data.label))
    for model in MODELS:
        for label in (1, 2):
            rows = used & (data.set == model) & (data.label == label)
            if rows.any():
                weight[rows] = np.sqrt(300 / rows.sum())
    weight[used & (data.set == "known")] = 2
    return weight


def refusal_heads(data, without=None):
    used = (data.label != 3) & (data.set != without)
    weight = refusal_weights(data, used)[used]
    label = (data.label == 2).astype(float)[used]
    return heads(data, used, label, weight, by_phrases=1.0, by_embedding=(3.0, 1.0), limits=bounds(data.names))


def toxicity_heads(data, used):
    """By phrases from known statements and answers; by embedding from all, harmless ones counting more.

    Most hateful statements of HateCheck have no listed word: trained on them, the head by phrases
    would call a text half toxic for having none either.
    """
    limits = [(None, None), (0, None), (0, None), (0, None), (None, 0)]
    listed = used & np.isin(data.set, ("known", *MODELS))
    of_phrases, _ = heads(data, listed, *toxicity_weights(data, listed, 0.3), 1.0, (1.0, 0.3), limits)
    _, of_both = heads(data, used, *toxicity_weights(data, used, 0.35), 1.0, (1.0, 0.3), limits)
    return of_phrases, of_both


def toxicity_weights(data, used, toxic_share):
    label = data.label.astype(float)[used]
    weight = np.where(label == 1, toxic_share / label.mean(), (1 - toxic_share) / (1 - label.mean()))
    return label, np.where(data.set[used] == "known", 5 * weight, weight)


def heads(data, used, label, weight, by_phrases, by_embedding, limits):
    signs, embedding = data.signs[used], data.embedding[used]
    count, dimensions = signs.shape[1], embedding.shape[1]
    of_phrases = fit(signs, label, weight, np.full(count, by_phrases), limits)
    penalty = np.concatenate([np.full(count, by_embedding[0]), np.full(dimensions, by_embedding[1])])
    free = [(None, None)] * dimensions
    of_both = fit(np.hstack([signs, embedding]), label, weight, penalty, limits + free)
    return of_phrases, of_both


def write(directory, stem, names, pair):
    directory.mkdir(parents=True, exist_ok=True)
    features = names + [f"e{at}" for at in range(384)]
    for kind, weights in zip(("phrases", "embedding"), pair):
        lines = [f"{name} {value:.5f}\n" for name, value in zip(["bias"] + features, weights)]
        (directory / f"{stem}_{kind}.txt").write_text(HEADER + "".join(lines))


def cases(data, pair, count=4):
    """A few texts' features and what the heads make of them, for a test of the Rust heads."""
    rows = np.linspace(0, len(data.label) - 1, count).astype(int)
    squash = lambda value: 1 / (1 + np.exp(-value))
    return [
        {
            "signs": data.signs[row].tolist(),
            "embedding": data.embedding[row].tolist(),
            "by_phrases": squash(pair[0][0] + data.signs[row] @ pair[0][1:]),
            "by_embedding": squash(pair[1][0] + np.concatenate([data.signs[row], data.embedding[row]]) @ pair[1][1:]),
        }
        for row in rows
    ]


def main():
    names, *lines = map(json.loads, sys.stdin)
    refusal = Set([line for line in lines if line["head"] == "refusal"], names["refusal"])
    toxicity = Set([line for line in lines if line["head"] == "toxicity"], names["toxicity"])

    shipped = refusal_heads(refusal)
    write(SOURCES / "refusal", "head", refusal.names, shipped)
    for model in MODELS:
        write(FOLDS, f"refusal_without_{model}", refusal.names, refusal_heads(refusal, without=model))

    every = np.ones(len(toxicity.label), dtype=bool)
    shipped_toxicity = toxicity_heads(toxicity, every)
    write(SOURCES / "toxicity", "head", toxicity.names, shipped_toxicity)
    for fold in range(TEMPLATE_FOLDS):
        left = (toxicity.set != "hatecheck") | (toxicity.fold != fold)
        write(FOLDS, f"toxicity_without_{fold}", toxicity.names, toxicity_heads(toxicity, left))
    for name in ("toxigen", *MODELS):
        left = toxicity.set != name
        write(FOLDS, f"toxicity_without_{name}", toxicity.names, toxicity_heads(toxicity, left))

    both = {"refusal": cases(refusal, shipped), "toxicity": cases(toxicity, shipped_toxicity)}
    CASES.write_text(json.dumps(both) + "\n")


if __name__ == "__main__":
    main()
