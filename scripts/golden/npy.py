"""Writes the golden files of NpyHeader: one small matrix in each type that is read.

    pip install numpy && python scripts/golden/npy.py
"""

import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).parents[2] / "common/src/test/resources/golden/npy"
FOLDER.mkdir(exist_ok=True)
MATRIX = np.array([[0.5, -2.0, 3.0e-6], [1.0, 65504.0, -0.099975586]])
for kind in ("<f2", "<f4", "<f8"):
    np.save(FOLDER / f"{kind[1:]}.npy", MATRIX.astype(kind))
np.save(FOLDER / "fortran.npy", np.asfortranarray(MATRIX.astype("<f4")))
np.save(FOLDER / "vector.npy", MATRIX[0].astype("<f4"))
