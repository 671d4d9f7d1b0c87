#!/usr/bin/env python3
"""Writes common/src/test/resources/golden/circo-metrics.json.

mAP@K, Recall@K and the semantic mAP@10 of CIRCO, computed a second time, in exact fractions and
from the definition alone, on random rankings. Reads nothing but its own seed:

    python3 scripts/golden/circo_metrics.py > common/src/test/resources/golden/circo-metrics.json
"""

import json
import random
import sys
from fractions import Fraction

SEED = 20231002
QUERIES = 60
GALLERY = 400
DEPTH = 50
ASPECTS = ["addition", "cardinality", "negation", "viewpoint"]


def average_precision(ranking, truths, cutoff):
    relevant = [image in truths for image in ranking[:cutoff]]
    total = Fraction(0)
    for place, is_relevant in enumerate(relevant, start=1):
        if is_relevant:
            total += Fraction(sum(relevant[:place]), place)
    return total / min(len(truths), cutoff)


def mean(values):
    return float(sum(values, Fraction(0)) / len(values))


def main():
    rng = random.Random(SEED)
    gallery = [f"{number:012d}" for number in range(GALLERY)]
    queries = []
    for number in range(QUERIES):
        truths = rng.sample(gallery, rng.choice([1, 1, 2, 3, 4, 5, 7, 12, 23, 60]))
        # right answers are drawn towards the front, so that the metrics are neither 0 nor 1
        weight = {image: rng.random() - (0.6 if image in truths else 0.0) for image in gallery}
        queries.append(
            {
                "id": str(number),
                "ranking": sorted(gallery, key=weight.get)[:DEPTH],
                "ground_truths": truths,
                "aspects": rng.sample(ASPECTS, rng.randint(0, 3)),
            }
        )

    expected = {}
    for cutoff in (5, 10, 25, 50):
        expected[f"mAP@{cutoff}"] = mean(
            [average_precision(q["ranking"], set(q["ground_truths"]), cutoff) for q in queries]
        )
        expected[f"Recall@{cutoff}"] = mean(
            [Fraction(q["ground_truths"][0] in q["ranking"][:cutoff]) for q in queries]
        )
    for aspect in ASPECTS:
        expected[f"semantic/{aspect}/mAP@10"] = mean(
            [
                average_precision(q["ranking"], set(q["ground_truths"]), 10)
                for q in queries
                if aspect in q["aspects"]
            ]
        )
    json.dump(
        {"seed": SEED, "gallery": GALLERY, "expected": expected, "queries": queries},
        sys.stdout,
        indent=None,
        separators=(",", ":"),
    )
    print()


if __name__ == "__main__":
    main()
