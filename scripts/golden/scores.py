#!/usr/bin/env python3
"""Writes common/src/test/resources/golden/scores: data sets, predictions and what they score.

Small data sets in the layouts of CIRCO, CIRR and FashionIQ, drawn from a seed; predictions in the
forms of their servers; and the metrics, computed from the published definitions in exact fractions:

    CIRCO      AP@K = sum over hits of precision / min(#ground truths, K); Recall@K on the first
               ground truth; mAP@10 of the queries with an aspect (Baldrati et al., ICCV 2023)
    CIRR       Recall@K without the reference; Recall_subset@K in the image group (Liu et al., ICCV 2021)
    FashionIQ  Recall@K per category, and the mean of the categories (Wu et al., CVPR 2021)

With the folder of the published annotations it also scores predictions made of them by a rule (see
`ruled`) and writes the numbers alone, to real.json:

    python3 scripts/golden/scores.py [../shared/data]
"""

import json
import pathlib
import random
import sys
from fractions import Fraction

FOLDER = pathlib.Path(__file__).parents[2] / "common/src/test/resources/golden/scores"
SEED = 20240607
DEPTH = 50
ASPECTS = [
    "addition", "cardinality", "comparative_statement", "compare_change", "direct_addressing",
    "negation", "spatial_relations_background", "statement_with_conjunction", "viewpoint",
]


def recall(queries, cutoff):
    hits = sum(q["truths"][0] in q["ranking"][:cutoff] for q in queries)
    return Fraction(hits, len(queries))


def average_precision(query, cutoff):
    hits, total = 0, Fraction(0)
    for place, image in enumerate(query["ranking"][:cutoff], start=1):
        if image in query["truths"]:
            hits += 1
            total += Fraction(hits, place)
    return total / min(len(query["truths"]), cutoff)


def mean(values):
    values = list(values)
    return sum(values, Fraction(0)) / len(values)


def circo(queries):
    scores = {}
    for cutoff in (5, 10, 25, 50):
        scores[f"mAP@{cutoff}"] = mean(average_precision(q, cutoff) for q in queries)
        scores[f"Recall@{cutoff}"] = recall(queries, cutoff)
    for aspect in sorted({a for q in queries for a in q["aspects"]}):
        scores[f"semantic/{aspect}/mAP@10"] = mean(
            average_precision(q, 10) for q in queries if aspect in q["aspects"]
        )
    return scores


def cirr(queries):
    scores = {f"R@{cutoff}": recall(queries, cutoff) for cutoff in (1, 5, 10, 50)}
    for cutoff in (1, 2, 3):
        hits = sum(q["truths"][0] in q["subset"][:cutoff] for q in queries)
        scores[f"R_subset@{cutoff}"] = Fraction(hits, len(queries))
    return scores


def fashioniq(queries):
    categories = sorted({q["category"] for q in queries})
    scores = {}
    for cutoff in (10, 50):
        of = {c: recall([q for q in queries if q["category"] == c], cutoff) for c in categories}
        scores.update({f"{c}/R@{cutoff}": value for c, value in of.items()})
        scores[f"R@{cutoff}"] = mean(of.values())
    return scores


def floats(scores):
    return {name: float(value) for name, value in scores.items()}


def write(path, value):
    path = FOLDER / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")


def drawn(rng, gallery, truths, excluded=()):
    """A ranking with the right answers drawn towards the front: metrics neither 0 nor 1."""
    weight = {i: rng.random() - (0.5 if i in truths else 0) for i in gallery if i not in excluded}
    return sorted(weight, key=weight.get)[:DEPTH]


def write_circo(rng):
    gallery = rng.sample(range(1, 600_000), 200)
    entries, queries = [], []
    for number in range(30):
        reference, *truths = rng.sample(gallery, 1 + rng.choice([1, 1, 2, 3, 4, 6, 9, 14]))
        aspects = rng.sample(ASPECTS, rng.randint(0, 4))
        entries.append({
            "reference_img_id": reference, "target_img_id": truths[0], "shared_concept": "a thing",
            "relative_caption": f"has {number} more", "gt_img_ids": truths,
            "semantic_aspects": aspects, "id": number,
        })
        queries.append({"id": number, "truths": truths, "aspects": aspects,
                        "ranking": drawn(rng, gallery, truths)})
    write("circo/val.json", entries)
    write("circo/image_info_unlabeled2017.json",
          {"images": [{"id": i, "file_name": f"{i:012d}.jpg"} for i in gallery]})
    write("circo/predictions.json", {str(q["id"]): q["ranking"] for q in queries})
    write("circo/expected.json", floats(circo(queries)))


def write_cirr(rng):
    gallery = [f"dev-{n}-{n % 4}-img{n % 2}" for n in range(90)]
    entries, queries = [], []
    for pair in range(25):
        group = rng.sample(gallery, 6)
        reference, target = group[:2]
        entries.append({
            "pairid": 100 + pair, "reference": reference, "target_hard": target,
            "caption": f"remove {pair}", "img_set": {"id": pair, "members": sorted(group)},
        })
        ranking = drawn(rng, gallery, [target], [reference])
        members = [m for m in rng.sample(group, 6) if m != reference][:3]
        queries.append({"id": 100 + pair, "truths": [target], "ranking": ranking, "subset": members})
    write("cirr/captions/cap.rc2.val.json", entries)
    write("cirr/image_splits/split.rc2.val.json", {i: f"./dev/{i}.png" for i in gallery})
    for metric, key in (("recall", "ranking"), ("recall_subset", "subset")):
        head = {"version": "rc2", "metric": metric}
        write(f"cirr/{metric}.json", {**head, **{str(q["id"]): q[key] for q in queries}})
    write("cirr/expected.json", floats(cirr(queries)))


def write_fashioniq(rng):
    queries = []
    for category, size in (("dress", 17), ("shirt", 13), ("toptee", 11)):
        gallery = [f"B{rng.randrange(10**6):06d}{category[0]}" for _ in range(90)]
        entries = []
        for number in range(size):
            reference, target = rng.sample(gallery, 2)
            entries.append({"candidate": reference, "target": target,
                            "captions": [f"is {number}", "has sleeves"]})
            queries.append({"category": category, "id": str(number), "truths": [target],
                            "ranking": drawn(rng, gallery, [target])})
        write(f"fashioniq/captions/cap.{category}.val.json", entries)
        write(f"fashioniq/image_splits/split.{category}.val.json", gallery)
    rng.shuffle(queries)
    lines = [json.dumps({"category": q["category"], "query": q["id"], "ranking": q["ranking"]})
             for q in queries]
    (FOLDER / "fashioniq/predictions.jsonl").write_text("\n".join(lines) + "\n")
    write("fashioniq/expected.json", floats(fashioniq(queries)))


def ruled(number, pool, truths):
    """Predictions that Java makes by the same rule: the pool in steps, right answers put in."""
    ranking = []
    step = 0
    while len(ranking) < DEPTH:
        image = pool[(number * 7919 + step * 10007) % len(pool)]
        step += 1
        if image not in ranking:
            ranking.append(image)
    for index, truth in enumerate(truths):
        if (number + 3 * index) % 4 != 0:
            ranking = [image for image in ranking if image != truth]
            ranking.insert((number * 31 + index * 17) % DEPTH, truth)
    return ranking[:DEPTH]


def write_real(data):
    queries = []
    entries = json.loads((data / "circo/annotations/val.json").read_text())
    pool = sorted({i for e in entries for i in [e["reference_img_id"], *e["gt_img_ids"]]})
    for number, entry in enumerate(entries):
        target = entry["target_img_id"]
        truths = [target] + [i for i in entry["gt_img_ids"] if i != target]
        queries.append({"truths": truths, "aspects": entry["semantic_aspects"],
                        "ranking": ruled(number, pool, truths)})
    real = {"circo/val": floats(circo(queries))}
    queries = []
    for category in ("dress", "shirt", "toptee"):
        pool = json.loads((data / f"fashioniq/image_splits/split.{category}.val.json").read_text())
        entries = json.loads((data / f"fashioniq/captions/cap.{category}.val.json").read_text())
        for number, entry in enumerate(entries):
            queries.append({"category": category, "truths": [entry["target"]],
                            "ranking": ruled(number, pool, [entry["target"]])})
    real["fashioniq/original"] = floats(fashioniq(queries))
    write("real.json", real)


def main():
    rng = random.Random(SEED)
    write_circo(rng)
    write_cirr(rng)
    write_fashioniq(rng)
    if len(sys.argv) > 1:
        write_real(pathlib.Path(sys.argv[1]))


if __name__ == "__main__":
    main()
