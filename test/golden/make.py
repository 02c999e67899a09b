"""Writes the golden values beside this file: what PyTorch computes for the formulas that ncfm implements.

To write them again (any Python 3 with PyTorch 1.13 or later):

    python3 test/golden/make.py

Everything is computed in double precision on one thread from fixed seeds, with code that shares nothing with ncfm:
PyTorch's own layers, optimisers, schedules and losses, and the discrepancy as the paper's official code states it.
Tests compare ncfm with these files, so write them again only when a formula is meant to change.
"""

import json
import pathlib
import struct
from collections import OrderedDict

import torch
from torch import nn
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
TYPES = {torch.float64: "F64", torch.float32: "F32", torch.int64: "I64"}

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def write(name, tensors):
    """A safetensors file, written by hand after the format's description."""
    header, parts, offset = {}, [], 0
    for key, value in tensors.items():
        data = value.detach().contiguous().numpy().tobytes()
        offsets = [offset, offset + len(data)]
        header[key] = {"dtype": TYPES[value.dtype], "shape": list(value.shape), "data_offsets": offsets}
        parts.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (HERE / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def rounded(*shape, generator):
    """Standard normal numbers that single precision holds exactly."""
    return torch.randn(*shape, generator=generator).float().double()


class ConvNet(nn.Module):
    """Blocks of 3x3 convolution, instance norm (group norm, one group per channel), ReLU and 2x2 average pooling."""

    def __init__(self, channels, side, depth=3, width=8, classes=10):
        super().__init__()
        grey = channels == 1 and side == 28
        conv = [
            nn.Conv2d(channels if i == 0 else width, width, 3, padding=3 if grey and i == 0 else 1) for i in range(depth)
        ]
        norm = [nn.GroupNorm(width, width) for _ in range(depth)]
        self.layers = nn.ModuleDict({"conv": nn.ModuleList(conv), "norm": nn.ModuleList(norm)})
        self.classifier = nn.Linear(width * ((32 if grey else side) >> depth) ** 2, classes)

    def forward(self, x):
        for conv, norm in zip(self.layers["conv"], self.layers["norm"]):
            x = F.avg_pool2d(F.relu(norm(conv(x))), 2)
        return self.classifier(x.flatten(1))


def convnet(name, channels, side, seed):
    generator = torch.Generator().manual_seed(seed)
    network = ConvNet(channels, side)
    with torch.no_grad():
        for parameter in network.parameters():
            scale = 0.3 if parameter.dim() > 1 else 0.5
            parameter.copy_((scale * rounded(*parameter.shape, generator=generator)).float())
    images = rounded(2, channels, side, side, generator=generator).requires_grad_()
    weights = rounded(2, 10, generator=generator)
    logits = network(images)
    gradients = torch.autograd.grad((logits * weights).sum(), [images, *network.parameters()])
    write(
        name,
        {
            "images": images.float(),
            "output_weights": weights.float(),
            "logits": logits,
            "gradient.images": gradients[0].float(),
            **{f"gradient.{key}": g.float() for (key, _), g in zip(network.named_parameters(), gradients[1:])},
        },
    )
    state = OrderedDict((key, value.detach().float().clone()) for key, value in network.state_dict().items())
    torch.save(state, HERE / f"{name}.pt")


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "sgd_momentum_decay": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam(p, lr=0.02),
    "adam_decay": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.02),
    "adamw_decay": lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.3),
}


def optimizers():
    """50 steps on given gradients: those of a noisy quadratic, with stretches that are zero and ones that are large."""
    generator = torch.Generator().manual_seed(3)
    start = [torch.randn(3, 4, generator=generator), torch.randn(5, generator=generator)]
    gradients = [torch.randn(50, *p.shape, generator=generator) + 0.3 * p for p in start]
    for sequence in gradients:
        sequence[10:13] = 0
        sequence[30:33] *= 100
    stored = {"start.0": start[0], "start.1": start[1], "gradients.0": gradients[0], "gradients.1": gradients[1]}
    for name, make in OPTIMIZERS.items():
        parameters = [p.clone().requires_grad_() for p in start]
        optimizer = make(parameters)
        for step in range(50):
            for parameter, sequence in zip(parameters, gradients):
                parameter.grad = sequence[step].clone()
            optimizer.step()
            if step + 1 in (1, 2, 20, 50):
                for index, parameter in enumerate(parameters):
                    stored[f"{name}.{step + 1}.{index}"] = parameter.detach().clone()
    write("optimizers", stored)


def rates(schedule, optimizer, steps, values=None):
    """The learning rate that each step used."""
    used = []
    for step in range(steps):
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step() if values is None else schedule.step(values[step].item())
    return torch.tensor(used)


def schedules():
    def sgd():
        parameter = nn.Parameter(torch.zeros(1))
        return torch.optim.SGD([parameter], lr=1.0)

    generator = torch.Generator().manual_seed(4)
    values = 1 + torch.rand(60, generator=generator) / (1 + torch.arange(60) / 5)
    values[20:40] = values[19]
    lr = torch.optim.lr_scheduler
    multi, cosine, plateau = sgd(), sgd(), sgd()
    write(
        "schedules",
        {
            "multi_step": rates(lr.MultiStepLR(multi, [40, 50], gamma=0.2), multi, 60),
            "cosine": rates(lr.CosineAnnealingLR(cosine, 60, eta_min=0.1), cosine, 60),
            "plateau": rates(lr.ReduceLROnPlateau(plateau, factor=0.5, patience=3), plateau, 60, values),
            "plateau_values": values,
        },
    )


def losses():
    generator = torch.Generator().manual_seed(5)
    logits = (3 * torch.randn(6, 5, generator=generator)).requires_grad_()
    labels = torch.tensor([0, 4, 2, 2, 1, 3])
    target = torch.softmax(torch.randn(6, 5, generator=generator), 1)
    hard, soft = F.cross_entropy(logits, labels), F.cross_entropy(logits, target)
    write(
        "losses",
        {
            "logits": logits,
            "labels": labels,
            "target": target,
            "hard": hard,
            "soft": soft,
            "gradient.hard": torch.autograd.grad(hard, logits)[0],
            "gradient.soft": torch.autograd.grad(soft, logits)[0],
        },
    )


def official_discrepancy(x, s, t, alpha):
    """The official code's formula, without its factor of 300."""

    def parts(features):
        projection = features @ t.T
        return projection.cos().mean(0), projection.sin().mean(0)

    (x_real, x_imaginary), (s_real, s_imaginary) = parts(x), parts(s)
    x_norm = torch.sqrt(x_real**2 + x_imaginary**2)
    s_norm = torch.sqrt(s_real**2 + s_imaginary**2)
    amplitude = (x_norm - s_norm) ** 2
    phase = 2 * (x_norm * s_norm - x_real * s_real - x_imaginary * s_imaginary)
    return torch.sqrt(alpha * amplitude + (1 - alpha) * phase.clamp(min=1e-12)).mean()


def discrepancies():
    generator = torch.Generator().manual_seed(6)
    x = F.normalize(torch.randn(24, 12, generator=generator) + 0.5)
    s = F.normalize(torch.randn(8, 12, generator=generator)).requires_grad_()
    t = (3 * torch.randn(32, 12, generator=generator)).requires_grad_()
    with_zeros = t.detach().clone()
    with_zeros[::8] = 0  # both functions are 1 there: amplitude and phase terms vanish
    with_zeros.requires_grad_()
    stored = {"real": x, "synthetic": s, "frequencies": t, "frequencies_with_zeros": with_zeros}
    for suffix, frequencies in (("", t), (".zeros", with_zeros)):
        for alpha in (0.1, 0.5, 0.9):
            value = official_discrepancy(x, s, frequencies, alpha)
            by_synthetic, by_frequencies = torch.autograd.grad(value, [s, frequencies])
            stored[f"value.{alpha}{suffix}"] = value
            stored[f"gradient.synthetic.{alpha}{suffix}"] = by_synthetic
            stored[f"gradient.frequencies.{alpha}{suffix}"] = by_frequencies
    write("discrepancy", stored)


def image_pair():
    """[images, labels] as distillation codes store them."""
    generator = torch.Generator().manual_seed(7)
    images = torch.rand(4, 1, 3, 2, generator=generator).float()
    torch.save([images, torch.arange(4)], HERE / "images.pt")
    write("images", {"images": images, "labels": torch.arange(4)})


convnet("convnet-grey28", 1, 28, seed=1)
convnet("convnet-colour32", 3, 32, seed=2)
optimizers()
schedules()
losses()
discrepancies()
image_pair()
