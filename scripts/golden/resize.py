"""Writes the golden files of Resize: small pictures and what Pillow makes of them.

    pip install pillow==12.0.0 && python scripts/golden/resize.py

Each case becomes WIDTHxHEIGHT-to-WIDTHxHEIGHT-KERNEL.bin: the input, then the output, both as
interleaved RGB bytes. Pillow 13 does the pass that shrinks more first; the published encoders are
older, so the files are made with a Pillow that does rows first, always. The inputs are noise with hard edges, where negative lobes must clip.
"""

import pathlib
import random

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
