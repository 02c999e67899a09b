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
    result = JOBS[job["kind"]](job)
    # Linux gives kilobytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    result["peakBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    result["torch"] = torch.__version__
    print(json.dumps(result))


main()
