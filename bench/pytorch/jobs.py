"""What the benchmark asks of the PyTorch program; each job is a function from the job's JSON to its result."""

import random
import sys
import time

import torch

from augment import apply_siamese, cutmix, normalizer, training
from characteristic import discrepancy, normalize_features
from distil import LOSS_WEIGHT, Distiller, RealImages, decode
from evaluate import evaluate
from form import Form, describe
from network import ConvNet
from torch.nn import functional as F


def iterations(job):
    """Seconds per iteration, timed over `timedClasses` classes and scaled to all of them."""
    distiller = Distiller(job)
    if job["warmUpClasses"] > 0:
        distiller.iteration(job["warmUpClasses"])
    seconds, phases = [], {}
    timed = job["timedClasses"]
    for number in range(job["iterations"]):
        started = time.perf_counter()
        loss, spent = distiller.iteration(timed)
        whole = time.perf_counter() - started
        # Loading the networks happens once per iteration, everything else once per class.
        per_class = whole - spent["networks"]
        seconds.append(spent["networks"] + per_class * job["classes"] / timed)
        for name, value in spent.items():
            scale = 1 if name == "networks" else job["classes"] / timed
            phases[name] = phases.get(name, 0) + value * scale / job["iterations"]
        report(f"PyTorch: iteration {number + 1}/{job['iterations']}: {seconds[-1]:.2f} s (loss {loss:.2f})")
    return {"seconds": seconds, "phases": phases}


def loss(job):
    """The losses of every class and the gradients of their sums, for given weights, images, draws and frequencies."""
    given = torch.load(job["input"])
    form = Form(job["form"])
    network = ConvNet(job["shape"], job["classes"], job["width"])
    network.load_state_dict(given["network"])
    network, distance = form.network(network), form.function(discrepancy)
    normalize = normalizer(job["normalization"])
    stored = given["stored"].clone().requires_grad_(True)
    real = given["real"].split(given["real"].shape[0] // job["classes"])
    synthetic = stored.split(stored.shape[0] // job["classes"])
    matching_draws, tuning_draws = (list(map(draw_of, draws.tolist())) for draws in given["draws"])
    matching, tuning = [], []
    for label in range(job["classes"]):
        decoded = normalize(decode(synthetic[label], job["factor"]))
        batch = form.images(apply_siamese(torch.cat([normalize(real[label]), decoded]), matching_draws[label]))
        count = real[label].shape[0]
        with form.precision():
            with torch.no_grad():
                target = normalize_features(network.features(batch[:count]))
            features = normalize_features(network.features(batch[count:]))
            matching.append(LOSS_WEIGHT * distance(target, features, given["frequencies"]))
            logits = network(form.images(apply_siamese(decoded, tuning_draws[label]))).float()
        tuning.append(F.cross_entropy(logits, torch.full((len(logits),), label)))
    by_matching, by_tuning = (
        torch.autograd.grad(sum(losses), stored, retain_graph=True)[0] for losses in (matching, tuning)
    )
    torch.save({"matching": by_matching, "fineTuning": by_tuning}, job["output"])
    return {"losses": [value.item() for value in matching + tuning]}


def draw_of(values):
    """A draw from a row of numbers: three colours, two shifts, the four sides of the cutout."""
    return values[:3], [int(value) for value in values[3:5]], [int(value) for value in values[5:]]


def train(job):
    """Seconds of the steps of training a network: batches of augmented images, with or without CutMix."""
    if job["task"] == "second order":
        return second_order(job)
    real = RealImages(job["realImages"], job["shape"], job["classes"]).by_class
    images = real.reshape(-1, *job["shape"])
    labels = torch.arange(job["classes"]).repeat_interleave(real.shape[1])
    normalize = normalizer(job["normalization"])
    form = Form(job["form"])
    network = form.network(ConvNet(job["shape"], job["classes"], job["width"]))
    if job["task"] == "pretraining":
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    else:
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    seconds = []
    for _ in range(job["warmUpSteps"] + job["steps"]):
        started = time.perf_counter()
        chosen = torch.randint(images.shape[0], (job["batchSize"],))
        batch, targets = training(normalize(images[chosen].float() / 255)), labels[chosen]
        optimizer.zero_grad()
        with form.precision():
            value = training_loss(network, form.images(batch), targets, mixes=job["task"] == "evaluation")
        value.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds[job["warmUpSteps"] :]}


def second_order(job):
    """Seconds of inner steps: a batch's gradient with its graph, and the derivatives of its product with a direction."""
    form = Form(job["form"])
    network = form.network(ConvNet(job["shape"], job["classes"], job["width"]))
    parameters = list(network.parameters())
    direction = [torch.randn_like(parameter) for parameter in parameters]
    images = form.images(torch.randn(job["batchSize"], *job["shape"])).requires_grad_(True)
    labels = torch.arange(job["batchSize"]) % job["classes"]
    seconds = []
    for _ in range(job["warmUpSteps"] + job["steps"]):
        started = time.perf_counter()
        with form.precision():
            logits = network(images).float()
        gradients = torch.autograd.grad(F.cross_entropy(logits, labels), parameters, create_graph=True)
        product = sum((gradient * along).sum() for gradient, along in zip(gradients, direction))
        torch.autograd.grad(product, [images, *parameters], allow_unused=True)
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds[job["warmUpSteps"] :]}


def training_loss(network, images, labels, mixes):
    """Cross-entropy, half of the time of images mixed by CutMix; loss and correct answers are read as a log would."""
    if mixes and random.random() < 0.5:
        mixed, partner, share = cutmix(images)
        logits = network(mixed).float()
        value = share * F.cross_entropy(logits, labels) + (1 - share) * F.cross_entropy(logits, labels[partner])
    else:
        logits = network(images).float()
        value = F.cross_entropy(logits, labels)
    value.item()
    (logits.argmax(1) == labels).sum().item()
    return value


def overhead(job):
    """Nanoseconds per addition of two tensors of 8 numbers, best of several rounds."""
    x, y = torch.ones(8), torch.ones(8)
    best = float("inf")
    for _ in range(job["rounds"]):
        started = time.perf_counter()
        for _ in range(job["repeats"]):
            x + y
        best = min(best, time.perf_counter() - started)
    return {"nanoseconds": best / job["repeats"] * 1e9}


def distil(job):
    """Distils for a number of seconds; images are saved at about geometric times, which saving does not count in."""
    distiller = Distiller(job)
    labels = torch.arange(job["classes"]).repeat_interleave(job["imagesPerClass"])
    snapshots, elapsed, number, due = [], 0.0, 0, 0.0
    while True:
        finished = elapsed >= job["seconds"]
        if elapsed >= due or finished:
            path = f"{job['folder']}/iteration-{number:06d}.pt"
            torch.save([distiller.images.detach().clamp(0, 1), labels], path)
            snapshots.append({"iteration": number, "seconds": elapsed, "path": path})
            report(f"PyTorch: iteration {number}, {elapsed:.0f} of {job['seconds']:.0f} s")
            due = elapsed * job["ratio"]
        if finished:
            return {"snapshots": snapshots}
        started = time.perf_counter()
        distiller.iteration()
        elapsed += time.perf_counter() - started
        number += 1


def report(line):
    print(line, file=sys.stderr, flush=True)


JOBS = {
    "describe": describe,
    "iterations": iterations,
    "loss": loss,
    "train": train,
    "overhead": overhead,
    "distil": distil,
    "evaluate": evaluate,
}
