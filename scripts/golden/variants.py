"""Writes float16 and 8-bit weights for a tower each of the tiny CLIP that models.py wrote, as public exports have them,
and a text tower whose only output is one state per token: three remainders of the token's id.

    pip install onnx onnxruntime==1.22.0
    python scripts/golden/variants.py
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16

GOLDEN = pathlib.Path(__file__).parents[2] / "common/src/test/resources/golden"

out = GOLDEN / "clip-variants"
out.mkdir(exist_ok=True)
# As the conversions for transformers.js: inputs and outputs are float16 too.
half = convert_float_to_float16(onnx.load(GOLDEN / "clip/onnx/vision_model.onnx"), keep_io_types=False)
onnx.save(half, out / "vision_model_fp16.onnx")
quantize_dynamic(
    GOLDEN / "clip/onnx/text_model.onnx", out / "text_model_quantized.onnx", weight_type=QuantType.QInt8)

ids = np.arange(1000)
states = np.stack([ids % 7 + 1, ids % 5, ids % 3], axis=1).astype(np.float32)
tokens = ["batch", "tokens"]
graph = helper.make_graph(
    [helper.make_node("Gather", ["states", "input_ids"], ["last_hidden_state"])],
    "states",
    [helper.make_tensor_value_info(name, TensorProto.INT64, tokens) for name in ("input_ids", "attention_mask")],
    [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*tokens, 3])],
    [numpy_helper.from_array(states, "states")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, out / "text_model_states.onnx")

for file in sorted(out.iterdir()):
    print(file.name, file.stat().st_size)
