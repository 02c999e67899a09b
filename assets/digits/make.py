"""Writes this folder's four IDX files from scikit-learn's copy of the handwritten digits.

    /usr/bin/python3 assets/digits/make.py     (Debian: apt-get install python3-sklearn)

Pixels: 0..16 in the source, scaled to 0..255 and rounded half up.
Split: of each class, in the source's order, the first two thirds (rounded down) are for training
and the rest for testing. The order is kept because neighbouring images tend to share a writer
(59 % have their nearest neighbour within 140 places, 16 % would by chance): a shuffled split would
put almost every test writer in the training set too.
The output depends on nothing but the source: gzip's time stamp is 0 and no file name is stored.
"""

import gzip
import struct
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

UNSIGNED_BYTE = 0x08


def write_idx(path, values):
    header = struct.pack(">HBB", 0, UNSIGNED_BYTE, values.ndim)
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    content = header + sizes + np.ascontiguousarray(values, dtype=np.uint8).tobytes()
    path.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))


def training_mask(labels):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        mask[members[: len(members) * 2 // 3]] = True
    return mask


def main():
    source = load_digits()
    images = np.floor(source.images * 255 / 16 + 0.5)
    train = training_mask(source.target)
    folder = Path(__file__).parent
    for stem, mask in (("train", train), ("t10k", ~train)):
        write_idx(folder / f"{stem}-images-idx3-ubyte.gz", images[mask])
        write_idx(folder / f"{stem}-labels-idx1-ubyte.gz", source.target[mask])


if __name__ == "__main__":
    main()
