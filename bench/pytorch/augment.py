"""Augmentations with torch operators: the shared draw for matching, and per-image draws for training."""

import math
import random

import torch
import torch.nn.functional as F


def normalizer(normalization):
    """A function from images in [0, 1] to normalised ones."""
    mean = torch.tensor(normalization["mean"]).view(1, -1, 1, 1)
    std = torch.tensor(normalization["std"]).view(1, -1, 1, 1)
    return lambda images: (images - mean) / std


def colour(images, brightness, saturation, contrast):
    """Brightness, saturation and contrast; each strength is a number, or one per image [n, 1, 1, 1]."""
    images = images + brightness
    mean = images.mean(dim=1, keepdim=True)
    images = (images - mean) * saturation + mean
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return (images - mean) * contrast + mean


def siamese(images):
    """One draw for the whole batch. Differentiable."""
    return apply_siamese(images, draw_siamese(*images.shape[2:]))


def draw_siamese(height, width, crop=0.125, cutout=0.5):
    """Strengths of colour, the shift of the content down and to the right, and the rectangle that is cut out."""
    colours = random.random() - 0.5, 2 * random.random(), random.random() + 0.5
    rows, columns = round(crop * height), round(crop * width)
    shift = random.randint(-rows, rows), random.randint(-columns, columns)
    tall, wide = int(height * cutout + 0.5), int(width * cutout + 0.5)
    top = random.randint(0, height - tall % 2) - tall // 2
    left = random.randint(0, width - wide % 2) - wide // 2
    return colours, shift, (max(0, top), max(0, top + tall), max(0, left), max(0, left + wide))


def apply_siamese(images, draw):
    """Colour, crop (padded with zeros) and cutout."""
    height, width = images.shape[2:]
    colours, (down, right), cut = draw
    images = colour(images, *colours)
    rows, columns = abs(down), abs(right)
    padded = F.pad(images, (columns, columns, rows, rows))
    images = padded[:, :, rows - down : rows - down + height, columns - right : columns - right + width]
    mask = torch.ones(1, 1, height, width)
    mask[:, :, cut[0] : cut[1], cut[2] : cut[3]] = 0
    return images * mask


def training(images):
    """One draw per image: colour, flip, and one of crop, scale and rotation per batch, in one resampling."""
    with torch.no_grad():
        count = images.shape[0]
        per_image = lambda: torch.rand(count, 1, 1, 1)
        images = colour(images, per_image() - 0.5, 2 * per_image(), per_image() + 0.5)
        grid = F.affine_grid(affine_maps(images), list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def affine_maps(images, crop=0.125, ratio=1.2, degrees=15):
    """Maps [n, 2, 3] from positions in the augmented images to positions in the originals."""
    count, _, height, width = images.shape
    maps = torch.zeros(count, 2, 3)
    kind = random.choice(("crop", "scale", "rotate"))
    if kind == "rotate":
        angle = (2 * torch.rand(count) - 1) * math.radians(degrees)
        aspect = height / width
        maps[:, 0, 0], maps[:, 0, 1] = angle.cos(), -angle.sin() * aspect
        maps[:, 1, 0], maps[:, 1, 1] = angle.sin() / aspect, angle.cos()
    else:
        stretch = lambda: 1 / ratio + torch.rand(count) * (ratio - 1 / ratio)
        maps[:, 0, 0] = stretch() if kind == "scale" else 1
        maps[:, 1, 1] = stretch() if kind == "scale" else 1
    if kind == "crop":
        shift = lambda size: torch.randint(-round(crop * size), round(crop * size) + 1, (count,)) * (-2 / size)
        maps[:, 0, 2], maps[:, 1, 2] = shift(width), shift(height)
    flipped = torch.where(torch.rand(count) < 0.5, -1.0, 1.0).view(count, 1)
    maps[:, 0, :2] *= flipped
    return maps


def cutmix(images):
    """(images with a rectangle of a partner, the partners' positions, the share of an image that is its own)."""
    height, width = images.shape[2:]
    side = math.sqrt(random.random())
    tall, wide = round(side * height), round(side * width)
    row, column = random.randint(0, height), random.randint(0, width)
    top, bottom = max(0, row - tall // 2), min(height, row - tall // 2 + tall)
    left, right = max(0, column - wide // 2), min(width, column - wide // 2 + wide)
    partner = torch.randperm(images.shape[0])
    mixed = images.clone()
    mixed[:, :, top:bottom, left:right] = images[partner, :, top:bottom, left:right]
    pixels = max(0, bottom - top) * max(0, right - left)
    return mixed, partner, 1 - pixels / (height * width)
