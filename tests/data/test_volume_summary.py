"""`cnncli init` on a folder of volumes."""

import numpy as np
from medical_files import write_nifti, write_series

from cnncli.scaffold.write_recipe import write_recipe

RANDOM = np.random.default_rng(0)


def scan(shape=(16, 16, 16)):
    return RANDOM.integers(-1000, 1000, shape).astype(np.int16)


def test_volumes_with_masks_get_a_u_net(tmp_path):
    for number in range(4):
        write_nifti(tmp_path / "images" / f"{number}.nii.gz", scan())
        write_nifti(tmp_path / "labels" / f"{number}.nii.gz", (scan() > 0).astype(np.uint8))

    written = write_recipe(str(tmp_path))

    assert written.found.source["volume_folder"]["window"] == [-160.0, 240.0]
    assert written.found.targets == "masks"
    assert "Conv3D: {filters: $classes, kernel_size: 1, activation: softmax}" in written.text


def test_series_of_patients_are_grouped(tmp_path):
    for name in ("ill", "well"):
        for number in range(2):
            write_series(tmp_path / name / f"scan{number}", scan((8, 8, 8)), patient=f"P{number}")

    written = write_recipe(str(tmp_path))

    assert written.found.classes == {"ill": 2, "well": 2}
    assert written.loaded.recipe.data.split.group == "PatientID"


def test_large_scans_are_resampled(tmp_path):
    for name in ("ill", "well"):
        write_nifti(tmp_path / name / "1.nii.gz", scan((40, 128, 128)), spacing=(5, 1, 1))

    source = write_recipe(str(tmp_path)).found.source["volume_folder"]

    assert source["spacing"] == [5.0, 3.1, 3.1]  # 200 mm of 64 voxels, but no finer than the scans
    assert source["shape"] == [40, 40, 40]
