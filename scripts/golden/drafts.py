"""Writes what Pillow makes of the golden JPEG files by Image.draft, its decoding at a reduced scale.

    pip install pillow==13.0.0
    python scripts/golden/drafts.py

Each row is a file, the side asked for, and the size and SHA-256 of the upright RGB pixels.
"""

import hashlib
import json
import pathlib

from PIL import Image, ImageOps

GOLDEN = pathlib.Path(__file__).parents[2] / "common/src/test/resources/golden"
# Not CMYK, which is read whole; not lossless files nor this rare sampling, which our libjpeg-turbo reads otherwise.
LEFT_OUT = {"cmyk.jpg", "ycck.jpg", "lossless.jpg", "twelve-bits.jpg", "sampling-440.jpg"}
SIDES = {"images": (26, 13, 10, 6, 3), "pictures": (224, 100, 40)}

rows = []
for folder, sides in SIDES.items():
    for file in sorted((GOLDEN / folder).iterdir()):
        if file.read_bytes()[:2] != b"\xff\xd8" or file.name in LEFT_OUT:
            continue
        for side in sides:
            image = Image.open(file)
            image.draft("RGB", (side, side))
            image = ImageOps.exif_transpose(image).convert("RGB")
            sha256 = hashlib.sha256(image.tobytes()).hexdigest()
            rows.append({"file": f"{folder}/{file.name}", "side": side, "size": image.size, "sha256": sha256})
(GOLDEN / "drafts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
print(len(rows), "drafts")
