"""Reads one job as JSON from standard input, does it, and prints its result as one line of JSON."""

import json
import random
import resource
import sys

import torch

from jobs import JOBS


def main():
    job = json.load(sys.stdin)
    torch.set_num_threads(job["threads"])
    torch.manual_seed(job.get("seed", 0))
    random.seed(job.get("seed", 0))
    device = job.get("device", "cpu")
    if device != "cpu":
        # What is made without a device is made there.
        torch.set_default_device(device)
    result = JOBS[job["kind"]](job)
    if device != "cpu":
        result["peakDeviceBytes"] = torch.cuda.max_memory_allocated()
        result["device"] = torch.cuda.get_device_name()
    # Linux gives kilobytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    result["peakBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    result["torch"] = torch.__version__
    print(json.dumps(result))


main()
