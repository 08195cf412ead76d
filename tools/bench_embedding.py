"""ONNX Runtime on one thread over the same model file and texts as the Rust benchmark.

    bench_embedding.py MODEL.onnx TOKENIZER.json TEXTS.json

Prints one JSON object: CPU seconds one text at a time, and in the batches of the Rust embedder
(sorted by length, at most 8 texts and 128 tokens).
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MAX_TOKENS, MAX_TEXTS, MAX_BATCH_TOKENS = 128, 8, 128


def main() -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(sys.argv[2])
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=MAX_TOKENS)
    texts = json.loads(Path(sys.argv[3]).read_text("utf-8"))
    embed(session, [tokenizer.encode(text).ids for text in texts[:4]])
    seconds = {}
    for name, grouped in [("single", singles), ("batched", batches)]:
        start = time.process_time()
        ids = [tokenizer.encode(text).ids for text in texts]
        for group in grouped(ids):
            embed(session, group)
        seconds[name] = time.process_time() - start
    print(json.dumps(seconds))


def singles(ids: list[list[int]]) -> list[list[list[int]]]:
    return [[one] for one in ids]


def batches(ids: list[list[int]]) -> list[list[list[int]]]:
    groups: list[list[list[int]]] = []
    for one in sorted(ids, key=len):
        size = len(groups[-1]) + 1 if groups else 0
        if groups and size <= MAX_TEXTS and size * len(one) <= MAX_BATCH_TOKENS:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def embed(session: onnxruntime.InferenceSession, group: list[list[int]]) -> np.ndarray:
    longest = max(map(len, group))
    ids = np.array([one + [0] * (longest - len(one)) for one in group], dtype=np.int64)
    mask = np.array([[1] * len(one) + [0] * (longest - len(one)) for one in group], dtype=np.int64)
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    [hidden] = session.run(None, inputs)
    mean = (hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


if __name__ == "__main__":
    main()
