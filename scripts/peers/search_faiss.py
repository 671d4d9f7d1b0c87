"""The same searches by FAISS, for scripts/bench search: https://github.com/facebookresearch/faiss.

  search_faiss.py build FOLDER CELLS     trains and fills the indexes, and stores them beside the data
  search_faiss.py search FOLDER CELLS    measures; prints MEASURE {json} lines
"""

import json
import sys
import time

import faiss
import numpy as np

WIDTH = 512
faiss.omp_set_num_threads(2)
command, folder, cells = sys.argv[1], sys.argv[2], int(sys.argv[3])
base = np.fromfile(f"{folder}/base.f32", "<f4").reshape(-1, WIDTH)
queries = np.fromfile(f"{folder}/queries.f32", "<f4").reshape(-1, WIDTH)


def measure(case, value):
    print("MEASURE " + json.dumps({"who": "faiss", "case": case, "value": value}), flush=True)


def best(run, count, repeats=3):
    """Queries per second of the fastest of a few runs."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return count / min(seconds)


def quantised(kind):
    coarse = faiss.IndexFlatIP(WIDTH)
    if kind == "flat":
        index = faiss.IndexIVFFlat(coarse, WIDTH, cells, faiss.METRIC_INNER_PRODUCT)
    else:
        index = faiss.IndexIVFScalarQuantizer(
            coarse, WIDTH, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    return index


if command == "build":
    for kind in ("flat", "sq8"):
        index = quantised(kind)
        start = time.perf_counter()
        index.train(base)
        index.add(base)
        measure(f"build-{kind}", time.perf_counter() - start)
        faiss.write_index(index, f"{folder}/ivf-{kind}.faiss")
else:
    small = faiss.IndexFlatIP(WIDTH)
    small.add(base[:123403])
    some = queries[:800]
    measure("exact-123403", best(lambda: small.search(some, 50), 800))
    flat = faiss.IndexFlatIP(WIDTH)
    flat.add(base)
    batch = queries[:64]
    measure("exact-all", best(lambda: flat.search(batch, 10), 64))
    truth = flat.search(queries[:1000], 10)[1]
    del flat, small
    for kind in ("flat", "sq8"):
        index = faiss.read_index(f"{folder}/ivf-{kind}.faiss")
        top = 0.0
        for probes in list(range(1, 17)) + [24, 32, 48, 64, 96, 128]:
            index.nprobe = probes
            found = index.search(queries[:1000], 10)[1]
            recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, truth)])
            top = max(top, recall)
            if recall >= 0.95:
                break
        rate = max(
            best(lambda: index.search(queries[:size], 10), size, 2) for size in (1000, len(queries)))
        measure(f"ivf-{kind}", rate)
        measure(f"ivf-{kind}-probes", index.nprobe)
        measure(f"ivf-{kind}-recall", float(recall))
