"""Writes models.safetensors beside this file: what PyTorch computes with the networks that ncfm offers.

To write it again (any Python 3 with PyTorch 1.13 or later, torchvision is not needed):

    python3 test/golden/models.py

The networks (networks_plain.py, networks_deep.py) have the parameter names of the code that is widely used for them, and
compute in double precision. Neither weights nor images are stored: both sides fill them by the same integer hash of a
tensor's name and an element's position.
"""

import json
import math
import pathlib
import struct

import numpy
import torch
from networks_deep import ConvNext, DenseNet, ResNet, ResNetAp
from networks_plain import AlexNet, ConvNet, LeNet, Mlp, Vgg

HERE = pathlib.Path(__file__).parent

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


# Numbers that both sides make alike.


def name_seed(name):
    """FNV-1a of the name, 32 bits."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    return seed


def hashed(name, count):
    """`count` numbers in [-1, 1): a mixed 32-bit counter."""
    x = (numpy.arange(count, dtype=numpy.uint64) + name_seed(name)) & 0xFFFFFFFF
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x ^= x >> numpy.uint64(shift)
        x = (x * numpy.uint64(factor)) & numpy.uint64(0xFFFFFFFF)
    x ^= x >> numpy.uint64(16)
    return x.astype(numpy.float64) / 2**31 - 1


def value_of(name, shape):
    count = int(numpy.prod(shape, dtype=int))
    numbers = hashed(name, count)
    if name.endswith("running_var") or (name.endswith("weight") and len(shape) in (1, 3)):
        numbers = 1 + 0.5 * numbers
    elif name.endswith("weight"):
        numbers = numbers * math.sqrt(6 / (count / shape[0]))
    elif name not in ("images", "output") and not name.endswith("gamma"):
        numbers = 0.2 * numbers
    return torch.from_numpy(numbers.astype(numpy.float32)).double().reshape(shape)


def fill(network):
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.dtype.is_floating_point:
                tensor.copy_(value_of(name, tuple(tensor.shape)))


NETWORKS = {
    "convnet": ConvNet,
    "mlp": Mlp,
    "lenet": LeNet,
    "alexnet": AlexNet,
    "vgg": Vgg,
    "resnet": ResNet,
    "resnet-ap": ResNetAp,
    "densenet": DenseNet,
    "convnext": ConvNext,
}

GREY28, COLOUR32, COLOUR8 = (1, 28, 28), (3, 32, 32), (3, 8, 8)
CASES = [
    (COLOUR32, dict(name="convnet", depth=3, width=8)),
    (COLOUR32, dict(name="convnet", depth=3, width=8, norm="batch", activation="leaky-relu", pooling="max")),
    (GREY28, dict(name="convnet", depth=2, width=8, norm="group", activation="swish")),
    (GREY28, dict(name="convnet", depth=3, width=4, norm="layer", activation="sigmoid")),
    (COLOUR8, dict(name="convnet", depth=2, width=4, norm="none", pooling="none")),
    ((3, 64, 64), dict(name="convnet", depth=4, width=4, norm="batch")),
    (GREY28, dict(name="mlp", width=16)),
    (COLOUR32, dict(name="mlp", width=8, activation="leaky-relu")),
    (GREY28, dict(name="lenet")),
    (COLOUR32, dict(name="lenet", norm="batch", pooling="average")),
    (COLOUR8, dict(name="lenet")),
    (COLOUR32, dict(name="alexnet", width=16)),
    (GREY28, dict(name="alexnet", width=16, norm="batch")),
    (COLOUR32, dict(name="vgg", depth=11, width=4)),
    (GREY28, dict(name="vgg", depth=13, width=4, norm="batch")),
    (COLOUR32, dict(name="vgg", depth=16, width=4, norm="none")),
    ((3, 64, 64), dict(name="vgg", depth=19, width=4, norm="batch")),
    (COLOUR8, dict(name="vgg", depth=11, width=4, norm="group", pooling="average")),
    (COLOUR32, dict(name="resnet", depth=10, width=8)),
    (COLOUR32, dict(name="resnet", depth=18, width=4, norm="batch")),
    (GREY28, dict(name="resnet", depth=34, width=4, norm="batch")),
    (COLOUR32, dict(name="resnet", depth=50, width=4, norm="batch")),
    ((3, 64, 64), dict(name="resnet", depth=18, width=4, norm="batch", stem="imagenet")),
    ((3, 96, 96), dict(name="resnet", depth=50, width=4, norm="group", stem="middle")),
    ((3, 33, 47), dict(name="resnet", depth=10, width=4, norm="layer", activation="swish")),
    (COLOUR32, dict(name="resnet-ap", depth=10, width=8)),
    ((3, 64, 64), dict(name="resnet-ap", depth=18, width=4, norm="batch", stem="middle")),
    ((3, 64, 64), dict(name="resnet-ap", depth=50, width=4, norm="batch", stem="imagenet")),
    (COLOUR8, dict(name="resnet-ap", depth=10, width=4, norm="none")),
    (COLOUR32, dict(name="densenet", width=4)),
    (GREY28, dict(name="densenet", width=4, norm="group")),
    (COLOUR32, dict(name="convnext", width=8)),
    ((1, 29, 35), dict(name="convnext", width=4, depth=1)),
]
CLASSES = 5
BATCH = 4


def passed(network, images):
    """The gradient of the logits' weighted sum, at every fifth pixel of two images; and the size of each parameter's gradient."""
    weights = value_of("output", (BATCH, CLASSES))
    logits = network(images)
    parameters = sorted(network.named_parameters())
    gradients = torch.autograd.grad((logits * weights).sum(), [images, *(value for _, value in parameters)])
    sizes = torch.stack([gradient.norm() for gradient in gradients[1:]])
    return logits, gradients[0][:2, :, ::5, ::5], sizes


def record(shape, options):
    name, *_ = options.values()
    network = NETWORKS[name](shape, CLASSES, **{key: value for key, value in options.items() if key != "name"})
    fill(network)
    images = value_of("images", (BATCH, *shape)).requires_grad_()
    network.eval()
    logits, gradient, sizes = passed(network, images)
    result = {"logits": logits, "gradient": gradient, "sizes": sizes}
    buffers = sorted(name for name, value in network.named_buffers() if value.dtype.is_floating_point)
    if buffers:
        network.train()
        logits, gradient, sizes = passed(network, images)
        state = network.state_dict()
        moved = torch.cat([state[name] for name in buffers])
        result.update({"train.logits": logits, "train.gradient": gradient, "train.sizes": sizes, "train.buffers": moved})
    names = sorted(network.state_dict())
    return result, name_seed("\n".join(names))


def write(path, tensors, metadata):
    """A safetensors file, written by hand after the format's description."""
    header, parts, offset = {"__metadata__": metadata}, [], 0
    for key, value in tensors.items():
        data = value.detach().float().contiguous().numpy().tobytes()
        header[key] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + len(data)]}
        parts.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


tensors, cases = {}, []
for index, (shape, options) in enumerate(CASES):
    result, names = record(shape, options)
    tensors.update({f"{index}.{key}": value for key, value in result.items()})
    channels, height, width = shape
    cases.append({"input": {"channels": channels, "height": height, "width": width}, "options": options, "names": names})
write(HERE / "models.safetensors", tensors, {"cases": json.dumps(cases)})
