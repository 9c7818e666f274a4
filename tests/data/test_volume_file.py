"""Volumes of NIfTI and DICOM files: one orientation, units, spacing; and what they become."""

import numpy as np
import pytest
from medical_files import write_nifti, write_series

from cnncli.data.volume_file import nifti_like, read_volume
from cnncli.data.volume_form import VolumeForm
from cnncli.errors import DataError

# (depth, height, width) with one bright voxel at the head, the front and the right of the patient: no two sides are alike.
MARKED = np.zeros((4, 5, 6), np.int16)
MARKED[3, 0, 0] = 100


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, 1), (-1, -1, -1)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_nifti_of_any_orientation_is_turned_to_one(tmp_path, flips, order):
    path = write_nifti(tmp_path / "ct.nii.gz", MARKED, spacing=(3, 2, 1.5), flips=flips, order=order)

    volume = read_volume(path)

    np.testing.assert_array_equal(volume.values, MARKED)
    assert volume.spacing == pytest.approx((3, 2, 1.5))


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, -1, 1)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_masks_written_like_a_volume_lie_where_it_lies(tmp_path, flips, order):
    import nibabel

    path = write_nifti(tmp_path / "ct.nii", MARKED, spacing=(3, 2, 1.5), flips=flips, order=order)
    volume = read_volume(path)

    (tmp_path / "mask.nii.gz").write_bytes(nifti_like((volume.values > 50).astype(np.uint8), volume))

    written, original = nibabel.load(tmp_path / "mask.nii.gz"), nibabel.load(path)
    np.testing.assert_array_equal(np.asanyarray(written.dataobj) > 0, np.asanyarray(original.dataobj) > 50)
    np.testing.assert_allclose(written.affine, original.affine)


def test_slices_of_dicom_are_in_the_order_of_their_places_and_in_hounsfield_units(tmp_path):
    folder = write_series(tmp_path / "scan", MARKED - 50, patient="P7", spacing=(3, 2, 1.5))

    volume = read_volume(folder)

    np.testing.assert_array_equal(volume.values, MARKED - 50.0)
    assert volume.spacing == pytest.approx((3, 2, 1.5))
    assert volume.attributes["PatientID"] == "P7"


def test_slices_that_were_cut_from_the_side_are_turned(tmp_path):
    # Sagittal slices: rows go down from the head, columns go to the back, slices from the right to the left.
    sagittal = MARKED.transpose(2, 0, 1)[:, ::-1]
    folder = write_series(
        tmp_path / "scan", sagittal, spacing=(1.5, 3, 2), orientation=(0, 1, 0, 0, 0, -1), step=(1, 0, 0)
    )

    volume = read_volume(folder)

    np.testing.assert_array_equal(volume.values, MARKED)
    assert volume.spacing == pytest.approx((3, 2, 1.5))


def test_missing_slice_is_an_error(tmp_path):
    folder = write_series(tmp_path / "scan", np.zeros((6, 4, 4), np.int16))
    (tmp_path / "scan" / "slice1.dcm").unlink()

    with pytest.raises(DataError, match="2 to 4 mm apart"):
        read_volume(folder)


def test_slices_of_two_series_are_an_error(tmp_path):
    folder = write_series(tmp_path / "scan", np.zeros((3, 4, 4), np.int16))
    write_series(tmp_path / "scan", np.zeros((3, 4, 4), np.int16), name="other")

    with pytest.raises(DataError, match="slices of 2 series"):
        read_volume(folder)


def test_file_that_is_no_volume_is_named(tmp_path):
    for name in ("ct.nii", "ct.nii.gz", "ct.dcm"):
        (tmp_path / name).write_bytes(b"not a volume")
        with pytest.raises(DataError, match=name):
            read_volume(str(tmp_path / name))


def test_several_volumes_in_a_file_are_an_error(tmp_path):
    import nibabel

    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 3, 3, 2), np.int16), np.eye(4)), tmp_path / "fmri.nii")

    with pytest.raises(DataError, match="3 x 3 x 3 x 2"):
        read_volume(str(tmp_path / "fmri.nii"))


def test_window_becomes_0_to_255():
    from cnncli.data.volume_file import Volume

    volume = Volume(np.array([[[-1000, -160, 40, 240, 3000]]], np.int16))

    values = VolumeForm((1, 1, 5), window=(-160, 240)).values(volume)

    assert values.tolist() == [[[0, 0, 127.5, 255, 255]]]


def test_spacing_is_resampled_and_the_centre_is_kept():
    from cnncli.data.volume_file import Volume

    volume = Volume(np.arange(8, dtype=np.float32).reshape(1, 1, 8), (1, 1, 1))

    values = VolumeForm((1, 1, 6), spacing=(1, 1, 2)).values(volume)

    assert values.tolist() == [[[0, 0.5, 2.5, 4.5, 6.5, 0]]]  # air at both sides


def test_masks_come_back_to_the_voxels_of_the_file():
    from cnncli.data.volume_file import Volume

    mask = np.zeros((8, 12, 10), np.uint8)
    mask[2:6, 4:8, 4:8] = 1
    volume, form = Volume(mask, (2, 1, 1)), VolumeForm((10, 10, 10), spacing=(1, 1, 1))

    np.testing.assert_array_equal(form.back(form.labels(volume), volume), mask)
