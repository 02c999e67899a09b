"""The networks of the PyTorch program: the feature extractor and the sampling network."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class ConvNet(nn.Module):
    """Blocks of 3x3 convolution, instance normalisation, ReLU and 2x2 average pooling, then a linear classifier.

    Parameter names are those of the TypeScript side (layers.conv.0.weight, ...), so that state dictionaries fit.
    28x28 grey images are padded to 32x32 by the first convolution. The depth leaves maps of about 4x4.
    """

    def __init__(self, shape, classes, width):
        super().__init__()
        channels, height, breadth = shape
        first_padding = 3 if tuple(shape) == (1, 28, 28) else 1
        grown = 2 * (first_padding - 1)
        depth = max(1, round(math.log2((min(height, breadth) + grown) / 4)))
        convolutions = [
            nn.Conv2d(channels if i == 0 else width, width, 3, padding=first_padding if i == 0 else 1)
            for i in range(depth)
        ]
        norms = [nn.GroupNorm(width, width) for _ in range(depth)]
        self.layers = nn.ModuleDict({"conv": nn.ModuleList(convolutions), "norm": nn.ModuleList(norms)})
        self.dimension = width * ((height + grown) >> depth) * ((breadth + grown) >> depth)
        self.classifier = nn.Linear(self.dimension, classes)

    def features(self, images):
        maps = images
        for convolution, norm in zip(self.layers["conv"], self.layers["norm"]):
            maps = F.avg_pool2d(F.relu(norm(convolution(maps)), inplace=True), 2)
        return maps.flatten(1)

    def forward(self, images):
        return self.classifier(self.features(images))


class SamplingNetwork(nn.Module):
    """Noise [T/16, d] through three linear layers with batch normalisation; every row is used 16 times."""

    REPEATS = 16

    def __init__(self, dimension, count):
        super().__init__()
        self.rows = count // self.REPEATS
        self.dimension = dimension
        layers = []
        for activation in (nn.LeakyReLU(0.2), nn.LeakyReLU(0.2), nn.Tanh()):
            layers += [nn.Linear(dimension, dimension), nn.BatchNorm1d(dimension), activation]
        self.layers = nn.Sequential(*layers)

    def forward(self):
        noise = torch.randn(self.rows, self.dimension)
        return self.layers(noise).repeat(self.REPEATS, 1)
