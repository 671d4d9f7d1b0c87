"""Writes float16 and 8-bit weights for a tower each of the tiny CLIP that models.py wrote, as public exports have them.

    pip install onnx onnxruntime==1.22.0
    python scripts/golden/variants.py
"""

import pathlib

import onnx
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
for file in sorted(out.iterdir()):
    print(file.name, file.stat().st_size)
