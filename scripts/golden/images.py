"""Writes the golden image files of ImageDecoder, and what Pillow makes of them.

    pip install pillow==13.0.0 imagecodecs==2026.3.6 && apt-get install libjpeg-turbo-progs
    python scripts/golden/images.py

Each case is a file; pixels.json holds, for each, the size and Pillow's pixels (upright, transparent
parts on white, RGB), compressed. Pillow decides what is right: a case is made by hand only where Pillow writes no
such file.
"""

import base64
import io
import json
import pathlib
import struct
import subprocess
import zlib

import imagecodecs
import numpy as np
from PIL import Image, ImageCms, ImageOps

FOLDER = pathlib.Path(__file__).parents[2] / "common/src/test/resources/golden/images"
WIDTH, HEIGHT = 37, 26


def picture(mode="RGB"):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    rgb = np.stack([x * 255 // (WIDTH - 1), y * 255 // (HEIGHT - 1), (x * y) % 256], axis=2)
    rgb[5:12, 4:15] = [220, 30, 40]
    rgb[14:22, 18:33] = [20, 60, 230]
    alpha = (x * 7 + y * 5) % 256
    image = Image.fromarray(np.dstack([rgb, alpha]).astype(np.uint8), "RGBA")
    return image if mode == "RGBA" else image.convert("RGB").convert(mode)


def saved(image, format, **options):
    out = io.BytesIO()
    # Copies, as saving leaves settings behind in an image.
    if "append_images" in options:
        options["append_images"] = [more.copy() for more in options["append_images"]]
    image.copy().save(out, format, **options)
    return out.getvalue()


def cjpeg(*options, image=None):
    ppm = saved(image or picture(), "PPM")
    return subprocess.run(["cjpeg", *options], input=ppm, capture_output=True, check=True).stdout


def png(color, depth, rows, *extra, interlace=0, size=(WIDTH, HEIGHT)):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", *size, depth, color, 0, 0, interlace)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunk(kind, data) for kind, data in extra)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def rows(array):
    return b"".join(b"\0" + row.tobytes() for row in array)


def adam7(array):
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    return b"".join(rows(array[y0::dy, x0::dx]) for x0, y0, dx, dy in passes)


def rle8():
    """A BMP of 8-bit runs: three stripes, the second with an absolute run."""
    palette = bytes([0, 0, 200, 0, 0, 200, 0, 0, 200, 0, 0, 0])
    data = (b"\x08\x00\x00\x00" * 2 + b"\x00\x05\x00\x01\x02\x01\x00\x00\x03\x02\x00\x00") * 2 + b"\x08\x02\x00\x01"
    offset = 14 + 40 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, 8, 7, 1, 8, 1, len(data), 0, 0, 3, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + palette + data


def bmp16(masks):
    rgb = np.asarray(picture()).astype(np.uint32)
    bits = [bin(m).count("1") for m in masks]
    shifts = [(m & -m).bit_length() - 1 for m in masks]
    packed = sum((rgb[:, :, i] >> (8 - bits[i])) << shifts[i] for i in range(3)).astype("<u2")
    lines = b"".join(line.tobytes() + b"\0" * (-2 * WIDTH % 4) for line in packed[::-1])
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 16, 3, len(lines), 0, 0, 0, 0)
    head = struct.pack("<III", *masks)
    offset = 14 + 40 + 12
    return b"BM" + struct.pack("<IHHI", offset + len(lines), 0, 0, offset) + info + head + lines


def top_down(bmp):
    """The same BMP file with its rows stored from the top."""
    offset = struct.unpack_from("<I", bmp, 10)[0]
    stride = (len(bmp) - offset) // HEIGHT
    lines = [bmp[offset + i * stride : offset + (i + 1) * stride] for i in range(HEIGHT)]
    return bmp[:22] + struct.pack("<i", -HEIGHT) + bmp[26:offset] + b"".join(reversed(lines))


def offset_gif():
    """A GIF whose only frame covers a part of its screen."""
    gif = bytearray(saved(picture().quantize(16), "GIF"))
    width, height = struct.unpack_from("<HH", gif, 6)
    struct.pack_into("<HH", gif, 6, width + 9, height + 6)
    at = gif.index(b"\x2c", 13 + 3 * (2 << (gif[10] & 7)))
    struct.pack_into("<HH", gif, at + 1, 5, 3)
    return bytes(gif)


def exif(orientation):
    data = Image.Exif()
    data[274] = orientation
    return data.tobytes()


def ycck():
    """A CMYK file of Adobe, its first three inks stored as luminance and chrominance."""
    cmyk = np.asarray(picture("CMYK"))
    shifted = cmyk.copy()
    shifted[:, :, 3] = np.minimum(cmyk[:, :, 3].astype(int) + 40, 255)
    return imagecodecs.jpeg8_encode(255 - shifted, level=92, colorspace="CMYK", outcolorspace="YCCK")


def expected(data):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.mode.startswith("I;16"):  # Pillow would saturate all but the darkest; we keep the upper byte
        image = Image.fromarray((np.asarray(image).astype(int) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


rgb, rgba = picture(), picture("RGBA")
wide = (np.asarray(rgb).astype(">u2") * 257 + 99).clip(0, 65535).astype(">u2")
wide_gray = (np.asarray(picture("L")).astype(">u2") * 251 + 130).astype(">u2")
frames = [rgb, rgb.rotate(180), ImageOps.invert(rgb)]
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

CASES = {
    "baseline-420.jpg": saved(rgb, "JPEG", quality=85, subsampling=2),
    "baseline-422.jpg": saved(rgb, "JPEG", quality=85, subsampling=1),
    "baseline-444.jpg": saved(rgb, "JPEG", quality=95, subsampling=0),
    "sampling-440.jpg": cjpeg("-sample", "1x2", "-quality", "85"),
    "sampling-411.jpg": cjpeg("-sample", "4x1", "-quality", "85"),
    "quality-1.jpg": saved(rgb, "JPEG", quality=1),
    "gray.jpg": saved(picture("L"), "JPEG", quality=90),
    "progressive.jpg": saved(rgb, "JPEG", quality=85, progressive=True),
    "progressive-gray.jpg": saved(picture("L"), "JPEG", quality=85, progressive=True),
    "arithmetic.jpg": cjpeg("-arithmetic", "-quality", "85"),
    "arithmetic-progressive.jpg": cjpeg("-arithmetic", "-progressive", "-quality", "85"),
    "restart-markers.jpg": saved(rgb, "JPEG", quality=85, restart_marker_rows=1),
    "stored-as-rgb.jpg": cjpeg("-rgb", "-quality", "85"),
    "cmyk.jpg": saved(picture("CMYK"), "JPEG", quality=90),
    "ycck.jpg": ycck(),
    "icc-srgb.jpg": saved(rgb, "JPEG", quality=85, icc_profile=srgb),
    "icc-broken.jpg": saved(rgb, "JPEG", quality=85, icc_profile=b"no profile at all" * 9),
    "icc-of-another-space.jpg": saved(rgb, "JPEG", quality=85, icc_profile=profile),
    "comment.jpg": saved(rgb, "JPEG", quality=85, comment=b"\xff\xd9 not the end" * 20),
    "garbage-behind.jpg": saved(rgb, "JPEG", quality=85) + b"\0trailing garbage \xff\xd8\xff" * 9,
    "several-pictures.mpo": saved(rgb, "MPO", save_all=True, append_images=frames[1:], quality=85),
    "lossless.jpg": imagecodecs.jpeg8_encode(np.asarray(rgb), lossless=True, predictor=1),
    "one-pixel.jpg": saved(rgb.crop((3, 3, 4, 4)), "JPEG"),
    "one-column.jpg": saved(rgb.resize((1, 2000)), "JPEG"),
    "png-named.jpg": saved(rgb, "PNG"),
    "jpeg-named.png": saved(rgb, "JPEG", quality=85),
    **{
        f"orientation-{i}.jpg": saved(rgb, "JPEG", quality=85, exif=exif(i)) for i in range(1, 9)
    },
    "orientation-6.png": saved(rgb, "PNG", exif=exif(6)),
    "orientation-8.webp": saved(rgb, "WEBP", lossless=True, exif=exif(8)),
    "orientation-3.tif": saved(rgb, "TIFF", tiffinfo={274: 3}),
    "rgb.png": saved(rgb, "PNG"),
    "rgba.png": saved(rgba, "PNG"),
    "gray.png": saved(picture("L"), "PNG"),
    "gray-alpha.png": saved(rgba.convert("LA"), "PNG"),
    "one-bit.png": saved(picture("1"), "PNG"),
    "palette.png": saved(rgb.quantize(200), "PNG"),
    "palette-two-bits.png": saved(rgb.quantize(4), "PNG"),
    "palette-with-alpha.png": saved(rgba.quantize(50), "PNG"),
    "sixteen-bit-gray.png": png(0, 16, rows(wide_gray)),
    "sixteen-bit-rgb.png": png(2, 16, rows(wide)),
    "interlaced.png": png(2, 8, adam7(np.asarray(rgb)), interlace=1),
    "gray-with-transparent-value.png": png(0, 8, rows(np.asarray(picture("L"))), (b"tRNS", b"\0\x4d")),
    "rgb-with-transparent-color.png": png(2, 8, rows(np.asarray(rgb)), (b"tRNS", bytes([0, 220, 0, 30, 0, 40]))),
    "gamma.png": png(2, 8, rows(np.asarray(rgb)), (b"gAMA", struct.pack(">I", 100000))),
    "icc.png": saved(rgb, "PNG", icc_profile=profile),
    "animated.png": saved(frames[0], "PNG", save_all=True, append_images=frames[1:]),
    "palette.gif": saved(rgb.quantize(200), "GIF"),
    "transparent.gif": saved(rgb.quantize(16), "GIF", transparency=3),
    "animated.gif": saved(frames[0].quantize(64), "GIF", save_all=True, append_images=frames[1:]),
    "interlaced.gif": saved(rgb.quantize(64), "GIF", interlace=True),
    "part-of-its-screen.gif": offset_gif(),
    "rgb.bmp": saved(rgb, "BMP"),
    "gray.bmp": saved(picture("L"), "BMP"),
    "one-bit.bmp": saved(picture("1"), "BMP"),
    "palette.bmp": saved(rgb.quantize(100), "BMP"),
    "alpha.bmp": saved(rgba, "BMP"),
    "runs.bmp": rle8(),
    "top-down.bmp": top_down(saved(rgb, "BMP")),
    "sixteen-bit-565.bmp": bmp16((0xF800, 0x07E0, 0x001F)),
    "lossy.webp": saved(rgb, "WEBP", quality=80),
    "lossy-alpha.webp": saved(rgba, "WEBP", quality=80),
    "lossless.webp": saved(rgb, "WEBP", lossless=True),
    "lossless-alpha.webp": saved(rgba, "WEBP", lossless=True, exact=True),
    "animated.webp": saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True),
    "icc.webp": saved(rgb, "WEBP", lossless=True, icc_profile=srgb),
    "rgb.tif": saved(rgb, "TIFF"),
    "big-endian.tif": saved(picture("I;16B"), "TIFF"),
    "lzw.tif": saved(rgb, "TIFF", compression="tiff_lzw"),
    "deflate.tif": saved(rgb, "TIFF", compression="tiff_adobe_deflate"),
    "packbits.tif": saved(rgb, "TIFF", compression="packbits"),
    "jpeg.tif": saved(rgb, "TIFF", compression="jpeg", quality=90),
    "fax.tif": saved(picture("1"), "TIFF", compression="group4"),
    "rgba.tif": saved(rgba, "TIFF"),
    "gray.tif": saved(picture("L"), "TIFF"),
    "palette.tif": saved(rgb.quantize(100), "TIFF"),
    "cmyk.tif": saved(picture("CMYK"), "TIFF"),
    "several-pages.tif": saved(frames[0], "TIFF", save_all=True, append_images=frames[1:]),
}

# Files that are refused: Pillow may read some of them.
REFUSED = {
    "picture.avif": saved(rgb, "AVIF"),
    "picture.jp2": saved(rgb, "JPEG2000"),
    "picture.ico": saved(rgb.resize((16, 16)), "ICO"),
    "picture.ppm": saved(rgb.resize((4, 4)), "PPM"),
    "picture.jxl": imagecodecs.jpegxl_encode(np.asarray(rgb)),
    "twelve-bits.jpg": imagecodecs.jpeg8_encode(np.asarray(rgb).astype(np.uint16) * 16, bitspersample=12),
}

FOLDER.mkdir(parents=True, exist_ok=True)
for old in FOLDER.iterdir():
    old.unlink()
pixels = {}
for name, data in CASES.items():
    (FOLDER / name).write_bytes(data)
    image = expected(data)
    pixels[name] = {
        "width": image.width,
        "height": image.height,
        "rgb": base64.b64encode(zlib.compress(image.tobytes(), 9)).decode(),
    }
for name, data in REFUSED.items():
    (FOLDER / name).write_bytes(data)
(FOLDER / "pixels.json").write_text(json.dumps(pixels, indent=1) + "\n")
print(len(CASES), "decoded,", len(REFUSED), "refused")
