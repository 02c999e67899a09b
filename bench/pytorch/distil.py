"""Distillation, iteration by iteration, doing the work that the official implementation does."""

import random
import time

import numpy
import torch
import torch.nn.functional as F

from augment import normalizer, siamese
from characteristic import discrepancy, normalize_features
from form import Form
from network import ConvNet, SamplingNetwork

LOSS_WEIGHT = 300


class RealImages:
    """Images stored as bytes, class by class, equally many of each."""

    def __init__(self, path, shape, classes):
        pixels = torch.from_numpy(numpy.fromfile(path, dtype=numpy.uint8))
        self.by_class = pixels.view(classes, -1, *shape).to(torch.empty(0).device)

    def batch(self, label, count, fresh):
        """`count` images in [0, 1]: random ones (again, where there are fewer), or (as in the official code) the first."""
        images = self.by_class[label]
        chosen = torch.randperm(max(count, images.shape[0]))[:count] % images.shape[0] if fresh else slice(count)
        return images[chosen].float() / 255


class Clock:
    """Adds up the seconds between calls, by name."""

    def __init__(self):
        self.seconds = {}
        self.last = time.perf_counter()

    def lap(self, name):
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0) + now - self.last
        self.last = now


def decode(stored, factor):
    """Splits [n, c, h, w] into n * factor^2 tiles, each upsampled bilinearly to h x w."""
    if factor == 1:
        return stored
    count, channels, height, width = stored.shape
    tall, wide = -(-height // factor), -(-width // factor)
    padded = F.pad(stored, (0, wide * factor - width, 0, tall * factor - height), value=0.5)
    tiles = padded.view(count, channels, factor, tall, factor, wide).permute(0, 2, 4, 1, 3, 5)
    tiles = tiles.reshape(count * factor**2, channels, tall, wide)
    return F.interpolate(tiles, size=(height, width), mode="bilinear", align_corners=False)


def mixed_start(real, job):
    """`mix`: every stored image is made of factor^2 scaled-down real images of its class."""
    channels, height, width = job["shape"]
    factor = job["factor"]
    images = torch.zeros(job["classes"] * job["imagesPerClass"], channels, height, width)
    for label in range(job["classes"]):
        chosen = real.batch(label, job["imagesPerClass"] * factor**2, fresh=job["freshBatches"])
        rows = images[label * job["imagesPerClass"] : (label + 1) * job["imagesPerClass"]]
        parts = iter(chosen.split(job["imagesPerClass"]))
        for row in torch.arange(height).tensor_split(factor):
            for column in torch.arange(width).tensor_split(factor):
                part = F.interpolate(next(parts), size=(len(row), len(column)))
                rows[:, :, row[0] : row[-1] + 1, column[0] : column[-1] + 1] = part
    return images


class Distiller:
    """The synthetic images and everything that moves them.

    The networks' parameters keep asking for gradients, as they do in the official code, which never freezes them.
    """

    def __init__(self, job):
        self.job = job
        self.classes = job["classes"]
        self.form = Form(job.get("form", "eager"))
        self.discrepancy = self.form.function(discrepancy)
        self.real = RealImages(job["realImages"], job["shape"], self.classes)
        self.normalize = normalizer(job["normalization"])
        self.images = mixed_start(self.real, job).requires_grad_(True)
        rate = job["learningRate"]
        self.image_optimizer = torch.optim.AdamW([self.images], lr=rate, weight_decay=5e-4)
        build = lambda: self.form.network(ConvNet(job["shape"], self.classes, job["width"]))
        self.initial, self.trained, self.blended = build(), build(), build()
        self.sampling = self.sampling_optimizer = None
        if job["psi"]:
            self.sampling = SamplingNetwork(self.blended.dimension, job["frequencies"])
            parameters = self.sampling.parameters()
            self.sampling_optimizer = torch.optim.SGD(parameters, lr=1e-3, momentum=0.5)

    def iteration(self, timed_classes=None):
        """One iteration (or its part for the first `timed_classes` classes); returns (loss, seconds by phase)."""
        clock = Clock()
        self.pick_network()
        with torch.no_grad():
            self.images.clamp_(0, 1)
        clock.lap("networks")
        labels = range(timed_classes or self.classes)
        loss = sum(self.match(label, clock) for label in labels) / len(labels)
        for label in labels:
            self.calibrate(label, clock)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return loss, clock.seconds

    def pick_network(self):
        """Loads both checkpoints of a random network from disk and blends them."""
        initial, trained = random.choice(self.job["networks"])
        place = torch.empty(0).device
        self.initial.load_state_dict(torch.load(initial, map_location=place))
        self.trained.load_state_dict(torch.load(trained, map_location=place))
        beta = random.random()
        parameters = zip(self.blended.parameters(), self.initial.parameters(), self.trained.parameters())
        with torch.no_grad():
            for blended, initial, trained in parameters:
                blended.copy_(beta * initial + (1 - beta) * trained)

    def synthetic(self, label):
        """The normalised training images of one class, with a gradient to the stored ones."""
        per_class = self.job["imagesPerClass"]
        stored = self.images[label * per_class : (label + 1) * per_class]
        return self.normalize(decode(stored, self.job["factor"]))

    def match(self, label, clock):
        job = self.job
        real = self.normalize(self.real.batch(label, job["realBatch"], job["freshBatches"]))
        augmented = self.form.images(siamese(torch.cat([real, self.synthetic(label)])))
        count = real.shape[0]
        clock.lap("augmentation")
        with self.form.precision():
            with torch.no_grad():
                real_features = normalize_features(self.blended.features(augmented[:count]))
            clock.lap("realForward")
            features = normalize_features(self.blended.features(augmented[count:]))
            clock.lap("syntheticForward")
            frequencies = self.sampling() if job["psi"] else torch.randn(job["frequencies"], features.shape[1])
            clock.lap("frequencies")
            loss = LOSS_WEIGHT * self.discrepancy(real_features, features, frequencies)
        value = loss.item()
        clock.lap("characteristicFunction")
        self.move(loss, clock)
        return value

    def move(self, loss, clock):
        """The images descend; the sampling network gets a second backward pass through the whole graph."""
        self.image_optimizer.zero_grad()
        if not self.job["psi"]:
            loss.backward()
            clock.lap("backward")
            self.image_optimizer.step()
            clock.lap("optimizer")
            return
        self.sampling_optimizer.zero_grad()
        loss.backward(retain_graph=True)
        clock.lap("backward")
        self.image_optimizer.step()
        self.image_optimizer.zero_grad()
        clock.lap("optimizer")
        (-loss).backward()
        clock.lap("backward")
        self.sampling_optimizer.step()
        clock.lap("optimizer")

    def calibrate(self, label, clock):
        """Cross-entropy of the synthetic images under the trained network, and a step."""
        images = self.form.images(siamese(self.synthetic(label)))
        targets = torch.full((images.shape[0],), label, dtype=torch.long)
        with self.form.precision():
            loss = F.cross_entropy(self.trained(images).float(), targets)
        loss.item()
        self.image_optimizer.zero_grad()
        loss.backward()
        self.image_optimizer.step()
        clock.lap("calibration")
