"""Networks without shortcuts, written from their papers' descriptions, and the parts that all networks have."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def norm_of(kind, channels, height, width):
    if kind == "instance":
        return nn.GroupNorm(channels, channels)
    if kind == "group":
        return nn.GroupNorm(4, channels)
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "layer":
        return nn.LayerNorm([channels, height, width])
    return nn.Identity()


ACTIVATIONS = {
    "relu": F.relu,
    "leaky-relu": lambda x: F.leaky_relu(x, 0.01),
    "sigmoid": torch.sigmoid,
    "swish": lambda x: x * torch.sigmoid(x),
}
POOLINGS = {"average": F.avg_pool2d, "max": F.max_pool2d}


def padded(shape):
    return tuple(shape) == (1, 28, 28)


class Sized:
    """Finds a network's map sizes by sending zeros through what there is of it."""

    def __init__(self, shape):
        self.x = torch.zeros(1, *shape)

    def go(self, layer):
        with torch.no_grad():
            self.x = layer(self.x)
        return layer

    @property
    def shape(self):
        return list(self.x.shape[1:])


class ConvNet(nn.Module):
    def __init__(self, shape, classes, depth=3, width=128, norm="instance", activation="relu", pooling="average"):
        super().__init__()
        self.act = ACTIVATIONS[activation]
        self.pool = POOLINGS.get(pooling)
        conv, norms, sized = [], [], Sized(shape)
        for i in range(depth):
            padding = 3 if i == 0 and padded(shape) else 1
            conv.append(sized.go(nn.Conv2d(sized.shape[0], width, 3, padding=padding)))
            norms.append(norm_of(norm, *sized.shape))
            if self.pool:
                sized.go(lambda x: self.pool(x, 2))
        self.layers = nn.ModuleDict({"conv": nn.ModuleList(conv), "norm": nn.ModuleList(norms)})
        self.classifier = nn.Linear(math.prod(sized.shape), classes)

    def forward(self, x):
        for conv, norm in zip(self.layers["conv"], self.layers["norm"]):
            x = self.act(norm(conv(x)))
            if self.pool:
                x = self.pool(x, 2)
        return self.classifier(x.flatten(1))


class Mlp(nn.Module):
    def __init__(self, shape, classes, width=128, activation="relu"):
        super().__init__()
        self.act = ACTIVATIONS[activation]
        self.fc_1 = nn.Linear(math.prod(shape), width)
        self.fc_2 = nn.Linear(width, width)
        self.fc_3 = nn.Linear(width, classes)

    def forward(self, x):
        return self.fc_3(self.act(self.fc_2(self.act(self.fc_1(x.flatten(1))))))


class Activation(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.name = name

    def forward(self, x):
        return ACTIVATIONS[self.name](x)


def pooling_layer(name):
    return nn.MaxPool2d(2) if name == "max" else nn.AvgPool2d(2)


class LeNet(nn.Module):
    def __init__(self, shape, classes, width=6, norm="none", activation="relu", pooling="max"):
        super().__init__()
        self.act = ACTIVATIONS[activation]
        layers, sized = [], Sized(shape)
        for i, outputs in enumerate((width, round(width * 16 / 6))):
            padding = 2 if min(shape[1:]) < 16 or (i == 0 and padded(shape)) else 0
            layers.append(sized.go(nn.Conv2d(sized.shape[0], outputs, 5, padding=padding)))
            if norm != "none":
                layers.append(norm_of(norm, *sized.shape))
            layers += [Activation(activation), sized.go(pooling_layer(pooling))]
        self.features = nn.Sequential(*layers)
        self.fc_1 = nn.Linear(math.prod(sized.shape), 20 * width)
        self.fc_2 = nn.Linear(20 * width, 14 * width)
        self.fc_3 = nn.Linear(14 * width, classes)

    def forward(self, x):
        x = self.features(x).flatten(1)
        return self.fc_3(self.act(self.fc_2(self.act(self.fc_1(x)))))


def chain(shape, links, norm, activation, pooling):
    """Convolutions of (channels, kernel, whether pooled), numbered as a sequence; and the number of features."""
    layers, sized = [], Sized(shape)
    for i, (channels, kernel, pooled) in enumerate(links):
        padding = kernel // 2 + (2 if i == 0 and padded(shape) else 0)
        layers.append(sized.go(nn.Conv2d(sized.shape[0], channels, kernel, padding=padding)))
        if norm != "none":
            layers.append(norm_of(norm, *sized.shape))
        layers.append(Activation(activation))
        if pooled:
            layer = pooling_layer(pooling) if min(sized.shape[1:]) > 1 else nn.Identity()
            layers.append(sized.go(layer))
    return nn.Sequential(*layers), math.prod(sized.shape)


class AlexNet(nn.Module):
    def __init__(self, shape, classes, width=128, norm="none", activation="relu", pooling="max"):
        super().__init__()
        w = width / 128
        plan = ((128, 5, True), (192, 5, True), (256, 3, False), (192, 3, False), (192, 3, True))
        links = [(int(c * w), k, p) for c, k, p in plan]
        self.features, count = chain(shape, links, norm, activation, pooling)
        self.fc = nn.Linear(count, classes)

    def forward(self, x):
        return self.fc(self.features(x).flatten(1))


VGG = {11: "1 M 2 M 4 4 M 8 8 M 8 8 M", 13: "1 1 M 2 2 M 4 4 M 8 8 M 8 8 M"}
VGG[16] = "1 1 M 2 2 M 4 4 4 M 8 8 8 M 8 8 8 M"
VGG[19] = "1 1 M 2 2 M 4 4 4 4 M 8 8 8 8 M 8 8 8 8 M"


class Vgg(nn.Module):
    def __init__(self, shape, classes, depth=11, width=64, norm="instance", activation="relu", pooling="max"):
        super().__init__()
        links = []
        for word in VGG[depth].split():
            if word == "M":
                links[-1] = (*links[-1][:2], True)
            else:
                links.append((int(word) * width, 3, False))
        self.features, count = chain(shape, links, norm, activation, pooling)
        self.classifier = nn.Linear(count, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))
