"""Makes the pictures in fixtures/pictures and what PIL decodes them to (golden.json, golden.bin).

Run with a Python that has numpy and Pillow (written with Pillow 9.4.0): python3 make_pictures.py
The pictures are drawn here, from a fixed seed: smooth colour fields, hard edges and noise.
"""

import hashlib
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

OUT = Path(__file__).parent / "fixtures" / "pictures"
RNG = np.random.default_rng(20250221)


def draw(width, height, noise=10.0):
    """[height, width, 3] uint8: a smooth field with a bar, a disc and noise; no symmetry."""
    y, x = np.mgrid[0:height, 0:width]
    values = np.zeros((height, width, 3))
    for channel in range(3):
        coarse = RNG.integers(20, 236, (4, 5), dtype="uint8")
        field = Image.fromarray(coarse).resize((width, height), Image.BICUBIC)
        values[..., channel] = np.asarray(field)
    values[height // 8 : height // 3, width // 6 : width // 2] = [220, 30, 40]
    disc = (x - 0.75 * width) ** 2 + (y - 0.65 * height) ** 2 < (0.2 * height) ** 2
    values[disc] = [10, 200, 90]
    values += RNG.normal(size=values.shape) * noise
    return np.clip(values, 0, 255).astype("uint8")


def write_png16(path, values):
    """Pillow cannot write 16-bit RGB. values: [height, width, 3] uint16."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def make():
    picture = Image.fromarray(draw(48, 36))
    alpha = Image.fromarray(np.tile(np.linspace(0, 255, 48).astype("uint8"), (36, 1)))
    sixteen = np.asarray(picture).astype("uint16") * 256 + RNG.integers(0, 256, (36, 48, 3)).astype("uint16")

    photo = Image.fromarray(draw(400, 300))
    photo.save(OUT / "photo.jpg", quality=85)
    photo.resize((200, 150)).save(OUT / "progressive.jpg", quality=80, progressive=True)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture.save(OUT / f"orientation-{orientation}.jpg", quality=90, exif=exif)
    picture.convert("L").save(OUT / "grey.jpg", quality=90)
    picture.convert("CMYK").save(OUT / "cmyk.jpg", quality=90)

    picture.save(OUT / "rgb.png")
    picture.convert("L").save(OUT / "grey.png")
    picture.convert("1").save(OUT / "bilevel.png")
    transparent = picture.copy()
    transparent.putalpha(alpha)
    transparent.save(OUT / "rgba.png")
    grey_alpha = picture.convert("L")
    grey_alpha.putalpha(alpha)
    grey_alpha.save(OUT / "grey-alpha.png")
    palette = picture.quantize(32)
    palette.save(OUT / "palette.png")
    palette.save(OUT / "palette-transparent.png", transparency=3)
    write_png16(OUT / "rgb16.png", sixteen)
    Image.fromarray(sixteen[..., 0].astype("int32"), "I").save(OUT / "grey16.png")
    Image.fromarray(sixteen[..., 0]).save(OUT / "grey16.tif")

    picture.save(OUT / "lossless.webp", lossless=True)
    picture.save(OUT / "lossy.webp", quality=85)
    transparent.save(OUT / "alpha.webp", lossless=True, exact=True)
    palette.save(OUT / "still.gif")
    palette.save(OUT / "animated.gif", save_all=True, append_images=[ImageOps.mirror(picture).quantize(32)])
    picture.save(OUT / "deflate.tif", compression="tiff_adobe_deflate")
    picture.convert("CMYK").save(OUT / "cmyk.tif")

    Image.fromarray(draw(32, 32)).save(OUT / "at-size.png")
    Image.fromarray(draw(21, 15)).save(OUT / "small.png")
    Image.fromarray(draw(160, 20)).save(OUT / "wide.png")
    Image.fromarray(draw(17, 90)).save(OUT / "tall.png")
    Image.fromarray(RNG.integers(0, 256, (64, 96, 3), dtype="uint8")).save(OUT / "noise.png")


def convert(name, mode):
    image = ImageOps.exif_transpose(Image.open(OUT / name))
    if name.startswith("grey16"):
        # Pillow clips 16-bit grey to 255; the high byte is what it makes of 16-bit RGB.
        image = Image.fromarray((np.asarray(image).astype("int64") >> 8).astype("uint8"))
    # Pillow goes from CMYK or a palette to grey by way of RGB only if told so.
    return image.convert("RGB").convert(mode)


def fit(image, height, width):
    """torchvision's Resize (bilinear, antialiased) and CenterCrop; covers a box that is not square."""
    w, h = image.size
    if width * h >= height * w:
        size = (width, max(height, int(h * width / w)))
    else:
        size = (max(width, int(w * height / h)), height)
    if size != image.size:
        image = image.resize(size, Image.BILINEAR)
    left = int(round((size[0] - width) / 2.0))
    top = int(round((size[1] - height) / 2.0))
    return image.crop((left, top, left + width, top + height))


def planes(image):
    values = np.asarray(image)
    return (values[None] if values.ndim == 2 else values.transpose(2, 0, 1)).tobytes()


def golden():
    names = sorted(p.name for p in OUT.iterdir() if not p.name.startswith("golden"))
    index, blob = {}, b""
    for name in names:
        full = convert(name, "RGB")
        entry = {
            "width": full.width,
            "height": full.height,
            "sha256": hashlib.sha256(planes(full)).hexdigest(),
            "fits": [],
        }
        targets = [(3, 32, 32), (1, 32, 32)]
        if name == "photo.jpg":
            targets += [(3, 64, 64), (1, 128, 128)]
        if name in ("photo.jpg", "orientation-6.jpg", "rgb.png"):
            targets += [(3, 24, 40), (3, 40, 24)]
        for channels, height, width in targets:
            values = planes(fit(convert(name, "RGB" if channels == 3 else "L"), height, width))
            entry["fits"].append({"shape": [channels, height, width], "offset": len(blob)})
            blob += values
        index[name] = entry
    (OUT / "golden.json").write_text(json.dumps(index, indent=1) + "\n")
    (OUT / "golden.bin").write_bytes(blob)


OUT.mkdir(parents=True, exist_ok=True)
make()
golden()
