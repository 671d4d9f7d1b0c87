"""Writes the golden files of Resize: small pictures and what Pillow makes of them.

    pip install pillow==12.0.0 && python scripts/golden/resize.py

Each case becomes WIDTHxHEIGHT-to-WIDTHxHEIGHT-KERNEL.bin: the input, then the output, both as
interleaved RGB bytes. Pillow 13 does the pass that shrinks more first; the published encoders are
older, so the files are made with a Pillow that does rows first, always. The inputs are noise with hard edges, where negative lobes must clip.
"""

import hashlib
import json
import pathlib
import random

import numpy as np
import PIL
from PIL import Image

assert PIL.__version__ < "13", "Pillow 13 changed the order of the passes"

FOLDER = pathlib.Path(__file__).parents[2] / "common/src/test/resources/golden/resize"
KERNELS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
CASES = [
    ((40, 30), (16, 12)),
    ((37, 53), (24, 24)),
    ((64, 64), (63, 65)),
    ((17, 11), (33, 40)),
    ((61, 20), (61, 7)),
    ((20, 61), (9, 61)),
    ((1, 1), (5, 4)),
    ((90, 3), (2, 1)),
]


def picture(width, height):
    draw = random.Random(width * 1000 + height)
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            if (x // 5 + y // 7) % 3 == 0:
                pixels += bytes(draw.choice([0, 255]) for _ in range(3))
            else:
                pixels += bytes(draw.randrange(256) for _ in range(3))
    return bytes(pixels)


for (width, height), (to_width, to_height) in CASES:
    for name, kernel in KERNELS.items():
        before = picture(width, height)
        image = Image.frombytes("RGB", (width, height), before)
        after = image.resize((to_width, to_height), kernel).tobytes()
        file = FOLDER / f"{width}x{height}-to-{to_width}x{to_height}-{name}.bin"
        file.write_bytes(before + after)


# Many more sizes, as photographs have them: only the hash of Pillow's output is kept, and the test draws
# the same input again.
def noise(width, height, seed):
    at = np.arange(3 * width * height, dtype=np.uint64)
    value = (at * 2654435761 + seed * 40503) & 0xFFFFFFFF
    value ^= value >> 15
    value = (value * 2246822519) & 0xFFFFFFFF
    value ^= value >> 13
    pixels = (value & 0xFF).astype(np.uint8)
    pixel = at // 3
    hard = (pixel % width // 5 + pixel // width // 7) % 3 == 0
    pixels[hard] = np.where(pixels[hard] < 128, 0, 255)
    return pixels.reshape(height, width, 3)


KERNELS["lanczos"] = Image.Resampling.LANCZOS
draw = random.Random(9)
SIZES = [((640, 480), (224, 224)), ((480, 640), (224, 298)), ((500, 333), (336, 224)), ((333, 500), (384, 384)), ((224, 224), (224, 224))]
while len(SIZES) < 120:
    most = draw.choice([30, 120, 400])
    SIZES.append(((draw.randint(1, most), draw.randint(1, most)), (draw.randint(1, most), draw.randint(1, most))))
with open(FOLDER.parent / "resize.jsonl", "w") as out:
    for seed, (before, after) in enumerate(SIZES):
        row = {"from": before, "to": after, "seed": seed}
        for name, kernel in KERNELS.items():
            resized = Image.fromarray(noise(*before, seed)).resize(after, kernel)
            row[name] = hashlib.sha256(resized.tobytes()).hexdigest()
        out.write(json.dumps(row) + "\n")
