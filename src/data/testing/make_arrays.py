"""Makes fixtures/arrays: small datasets in the formats of CIFAR, SVHN and NumPy, written by Python's own libraries.

Run from anywhere: python3 make_arrays.py (needs numpy and scipy). golden.json holds what readers must find: the labels
and the SHA-256 of the pixels as [images, channels, height, width] bytes.
"""

import hashlib
import io
import json
import os
import pickle
import struct

import numpy
import scipy.io

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "arrays")


class Python2Pickler(pickle._Pickler):
    """Writes byte strings as Python 2 does, which made CIFAR's files."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_bytes(self, value):
        if len(value) < 256:
            self.write(b"U" + struct.pack("<B", len(value)) + value)
        else:
            self.write(b"T" + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch[bytes] = save_bytes


def python2(value):
    stream = io.BytesIO()
    Python2Pickler(stream, protocol=2).dump(value)
    # Python 2's names, before NumPy and Python were rearranged.
    return stream.getvalue().replace(b"cnumpy._core.multiarray", b"cnumpy.core.multiarray")


def write(path, content):
    path = os.path.join(ROOT, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def pictures(count, seed):
    """Smooth pictures, [n, 3, 32, 32]; all different, none symmetric."""
    n, c, y, x = numpy.meshgrid(*[numpy.arange(s) for s in (count, 3, 32, 32)], indexing="ij")
    return ((seed + 11 * n + 50 * c + 3 * y + 5 * x + (n * y) // 4) % 256).astype(numpy.uint8)


def digest(pixels):
    return hashlib.sha256(numpy.ascontiguousarray(pixels).tobytes()).hexdigest()


golden = {}

# CIFAR-10, as Python 2 wrote it.
train = [pictures(4, 7 * batch) for batch in range(5)]
train_labels = [[(4 * batch + k) % 10 for k in range(4)] for batch in range(5)]
for batch in range(5):
    entries = {b"batch_label": b"training batch", b"labels": train_labels[batch],
               b"data": train[batch].reshape(4, 3072), b"filenames": [b"a.png"] * 4}
    write(f"cifar-10-batches-py/data_batch_{batch + 1}", python2(entries))
test = pictures(10, 99)
write("cifar-10-batches-py/test_batch", python2(
    {b"batch_label": b"testing batch", b"labels": list(range(10)), b"data": test.reshape(10, 3072)}))
names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
write("cifar-10-batches-py/batches.meta", python2(
    {b"num_cases_per_batch": 4, b"label_names": [name.encode() for name in names], b"num_vis": 3072}))
golden["cifar-10"] = {
    "train": {"labels": sum(train_labels, []), "sha256": digest(numpy.concatenate(train))},
    "test": {"labels": list(range(10)), "sha256": digest(test)},
}

# CIFAR-100's rows, as Python 3 writes them in two protocols.
few = pictures(3, 200)
for protocol in (2, 4):
    entries = {b"fine_labels": [5, 0, 99], b"coarse_labels": [1, 0, 19], b"data": few.reshape(3, 3072)}
    write(f"cifar-100-protocol-{protocol}", pickle.dumps(entries, protocol=protocol))
golden["cifar-100"] = {"fine": [5, 0, 99], "coarse": [1, 0, 19], "sha256": digest(few)}


class Command:
    def __reduce__(self):
        return (os.system, ("echo this must never run",))


write("hostile-pickle", pickle.dumps({b"data": Command(), b"labels": []}, protocol=2))

# SVHN: digit 0 is class 10; one file compressed, one not.
golden["svhn"] = {}
for name, count, compress in (("train", 20, True), ("test", 10, False)):
    images = pictures(count, 31)
    labels = numpy.array([[1 + k % 10] for k in range(count)], dtype=numpy.uint8)
    path = os.path.join(ROOT, f"svhn/{name}_32x32.mat")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    scipy.io.savemat(path, {"X": images.transpose(2, 3, 1, 0), "y": labels}, do_compression=compress)
    golden["svhn"][name] = {"labels": [(1 + k % 10) % 10 for k in range(count)], "sha256": digest(images)}

# NumPy's archives: Keras' and MedMNIST's names, one pair of arrays.
grey = pictures(12, 5)[:, 0]
colour = pictures(12, 6).transpose(0, 2, 3, 1)
labels = numpy.arange(12) % 3
keras = io.BytesIO()
numpy.savez_compressed(keras, x_train=grey[:9], y_train=labels[:9].astype(numpy.uint8),
                       x_test=grey[9:], y_test=labels[9:].astype(numpy.uint8))
write("keras.npz", keras.getvalue())
med = io.BytesIO()
numpy.savez(med, train_images=colour[:9, :8, :8], train_labels=labels[:9].reshape(9, 1),
            val_images=colour[:1, :8, :8], val_labels=labels[:1].reshape(1, 1),
            test_images=colour[9:, :8, :8], test_labels=labels[9:].reshape(3, 1))
write("medmnist.npz", med.getvalue())
pair = io.BytesIO()
floats = (colour[:, :8, :8].transpose(0, 3, 1, 2) / 255).astype(numpy.float64)
numpy.savez_compressed(pair, images=floats, labels=labels.astype(numpy.int32))
write("pair.npz", pair.getvalue())
golden["keras"] = {"train": digest(grey[:9]), "test": digest(grey[9:])}
golden["medmnist"] = {
    "train": digest(colour[:9, :8, :8].transpose(0, 3, 1, 2)),
    "test": digest(colour[9:, :8, :8].transpose(0, 3, 1, 2)),
}
golden["pair"] = digest(floats.astype(numpy.float32))

# Single arrays of every kind.
kinds = {
    "bytes": numpy.arange(24, dtype=numpy.uint8).reshape(2, 3, 4),
    "fortran": numpy.asfortranarray(numpy.arange(24, dtype=numpy.float32).reshape(2, 3, 4)),
    "big-endian": numpy.arange(6, dtype=">i4").reshape(3, 2) * 1000,
    "long": numpy.array([2**40, -1, 7], dtype=numpy.int64),
    "scalar": numpy.array(2.5),
    "half": numpy.array([0, -2.5, 1 / 3, 65504, 6e-8, 1e-5, -1], dtype=numpy.float16),
    "bool": numpy.array([True, False, True]),
}
golden["npy"] = {}
for name, array in kinds.items():
    stream = io.BytesIO()
    numpy.save(stream, array)
    write(f"{name}.npy", stream.getvalue())
    golden["npy"][name] = {"shape": list(array.shape), "values": [float(v) for v in array.flatten("C")]}
# Texts: names of different lengths, with letters beyond ASCII and beyond 16 bits, in every order of bytes.
names = ["dog", "cat", "Café", "\U0001F408", "dog", ""]
texts = {
    "texts": numpy.array(names),
    "texts-big-endian": numpy.array(names).astype(">U6"),
    "texts-bytes": numpy.array([name.encode() for name in names]),
    "texts-fortran": numpy.asfortranarray(numpy.array(names).reshape(2, 3)),
}
for name, array in texts.items():
    stream = io.BytesIO()
    numpy.save(stream, array)
    write(f"{name}.npy", stream.getvalue())
named = io.BytesIO()
numpy.savez_compressed(named, X_train=grey[:9, :8, :8], y_train=numpy.array(["owl", "cat", "dog"])[labels[:9]],
                       X_test=grey[9:, :8, :8], y_test=numpy.array([b"dog", b"owl", b"owl"]))
write("named.npz", named.getvalue())
wide = io.BytesIO()
numpy.lib.format.write_array(wide, kinds["bytes"], version=(2, 0))
write("version-2.npy", wide.getvalue())
objects = io.BytesIO()
numpy.save(objects, numpy.array([{"a": 1}], dtype=object), allow_pickle=True)
write("objects.npy", objects.getvalue())

write("golden.json", json.dumps(golden, indent=1).encode() + b"\n")
