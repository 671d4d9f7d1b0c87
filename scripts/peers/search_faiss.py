"""The same searches by FAISS, for scripts/bench search: https://github.com/facebookresearch/faiss.

  search_faiss.py build FOLDER CELLS     trains and fills the indexes, and stores them beside the data
  search_faiss.py search FOLDER CELLS [exact | ivf]    measures; prints MEASURE {json} lines
"""

import json
import sys
import time

import faiss
import numpy as np

WIDTH = 512
MEASURED = 1000
RECALL = 0.95
faiss.omp_set_num_threads(2)
command, folder, cells = sys.argv[1], sys.argv[2], int(sys.argv[3])
kinds = sys.argv[4:] or ["exact", "ivf"]
base = np.fromfile(f"{folder}/base.f32", "<f4").reshape(-1, WIDTH)
queries = np.fromfile(f"{folder}/queries.f32", "<f4").reshape(-1, WIDTH)


def measure(case, value):
    print("MEASURE " + json.dumps({"who": "faiss", "case": case, "value": value}), flush=True)


def best(run, count, repeats=2):
    """Queries per second of the fastest of a few runs."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return count / min(seconds)


def new(kind):
    coarse = faiss.IndexFlatIP(WIDTH)
    if kind == "flat":
        return faiss.IndexIVFFlat(coarse, WIDTH, cells, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexIVFScalarQuantizer(
        coarse, WIDTH, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)


def recall(found, truth):
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, truth)]))


if command == "build":
    for kind in ("flat", "sq8"):
        index = new(kind)
        start = time.perf_counter()
        index.train(base)
        index.add(base)
        measure(f"build-{kind}", time.perf_counter() - start)
        faiss.write_index(index, f"{folder}/ivf-{kind}.faiss")
    sys.exit()

truth = np.fromfile(f"{folder}/truth.i32", "<i4").reshape(MEASURED, 10)
if "exact" in kinds:
    small = faiss.IndexFlatIP(WIDTH)
    small.add(base[:123403])
    some = queries[:800]
    measure("exact-123403", best(lambda: small.search(some, 50), 800))
    del small
    flat = faiss.IndexFlatIP(WIDTH)
    flat.add(base)
    batch = queries[:64]
    found = []
    measure("exact-all", best(lambda: found.append(flat.search(batch, 10)[1]), 64))
    # The truth comes from Weft's exact search; FAISS's own must agree, but for ties by rounding.
    measure("exact-agreement", recall(found[0], truth[:64]))
    del flat
for kind in ("flat", "sq8") if "ivf" in kinds else ():
    index = faiss.read_index(f"{folder}/ivf-{kind}.faiss")
    least, most = 1, min(cells, 256)  # the fewest cells that reach the recall, if any do
    while least < most:
        index.nprobe = (least + most) // 2
        if recall(index.search(queries[:MEASURED], 10)[1], truth) >= RECALL:
            most = index.nprobe
        else:
            least = index.nprobe + 1
    index.nprobe = least
    reached = recall(index.search(queries[:MEASURED], 10)[1], truth)
    sizes = (1000, len(queries))
    measure(f"ivf-{kind}", max(best(lambda: index.search(queries[:n], 10), n) for n in sizes))
    measure(f"ivf-{kind}-probes", index.nprobe)
    measure(f"ivf-{kind}-recall", reached)
