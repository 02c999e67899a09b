"""Writes the pairs beside this file as the projects of the field write them: torch.save of images and labels.

To write them again (any Python 3 with PyTorch 1.13 or later):

    python3 src/exchange/testing/make_pairs.py
"""

import pathlib

import torch

HERE = pathlib.Path(__file__).parent

# Six images of 3 classes, 1 channel, 4 by 4: value k / 100 for the k-th pixel of all.
images = torch.arange(96, dtype=torch.float32).reshape(6, 1, 4, 4) / 100
labels = torch.tensor([0, 0, 1, 1, 2, 2])

torch.save([images, labels], HERE / "list.pt")
torch.save((images.half(), labels.int()), HERE / "tuple-half.pt")
torch.save([(images - 0.25) / 0.5, labels], HERE / "normalized.pt")
# Not contiguous, not class by class, and a parameter as an optimiser leaves it.
order = torch.tensor([4, 0, 2, 1, 5, 3])
turned = images[order].permute(0, 1, 3, 2).contiguous().permute(0, 1, 3, 2)
torch.save([torch.nn.Parameter(turned), labels[order]], HERE / "unordered.pt")
