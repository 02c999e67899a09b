"""Trains networks on a distilled set and tests them: the evaluation protocol, written with PyTorch alone."""

import math
import random
import sys

import torch
import torch.nn.functional as F

from augment import cutmix, normalizer, training
from network import ConvNet


def evaluate(job):
    """Test accuracies in percent after the last step, one per seed."""
    images, labels = torch.load(job["set"])
    test_images, test_labels = torch.load(job["test"])
    normalize = normalizer(job["normalization"])
    accuracies = []
    for seed in job["seeds"]:
        torch.manual_seed(seed)
        random.seed(seed)
        network = ConvNet(job["shape"], job["classes"], job["width"])
        train(job, network, normalize(images), labels)
        accuracies.append(accuracy(network, normalize, test_images, test_labels))
        print(f"· PyTorch, seed {seed}: {accuracies[-1]:.2f} %", file=sys.stderr, flush=True)
    return {"accuracies": accuracies}


def train(job, network, inputs, labels):
    """AdamW with a cosine schedule; full batches in random order, pass after pass; CutMix with probability one half."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=job["learningRate"], weight_decay=0.01)
    order = torch.empty(0, dtype=torch.long)
    for step in range(job["steps"]):
        for group in optimizer.param_groups:
            group["lr"] = job["learningRate"] * (1 + math.cos(math.pi * step / job["steps"])) / 2
        while len(order) < job["batchSize"]:
            order = torch.cat([order, torch.randperm(len(inputs))])
        chosen, order = order[: job["batchSize"]], order[job["batchSize"] :]
        batch, targets = training(inputs[chosen]), labels[chosen]
        optimizer.zero_grad()
        if random.random() < job["cutMix"]:
            mixed, partner, share = cutmix(batch)
            logits = network(mixed)
            own, others = F.cross_entropy(logits, targets), F.cross_entropy(logits, targets[partner])
            (share * own + (1 - share) * others).backward()
        else:
            F.cross_entropy(network(batch), targets).backward()
        optimizer.step()


def accuracy(network, normalize, images, labels):
    correct = 0
    with torch.no_grad():
        for start in range(0, len(images), 256):
            chosen = slice(start, start + 256)
            predicted = network(normalize(images[chosen].float() / 255)).argmax(1)
            correct += (predicted == labels[chosen]).sum().item()
    return 100 * correct / len(images)
