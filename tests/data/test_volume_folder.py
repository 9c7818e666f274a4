"""The source `volume_folder`: classes, masks, patients, files that are wrong."""

import numpy as np
import pytest
from medical_files import write_nifti, write_series

from cnncli.data.sources.volume_folder import read_volume_folder
from cnncli.data.threads import in_threads
from cnncli.data.volume_file import read_volume
from cnncli.errors import DataError
from cnncli.recipe.sources.volumes import VolumeFolder
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.segmentation.targets import MaskTargets

RANDOM = np.random.default_rng(0)


def scan():
    return RANDOM.integers(-1000, 1000, (6, 5, 4)).astype(np.int16)


def read(path, *, has_masks=False, **more):
    settings = VolumeFolder(path=str(path), shape=[6, 5, 4], **more.pop("settings", {}))
    targets = MaskTargets if has_masks else ClassTargets
    return read_volume_folder(settings, input_shape=None, targets=targets, has_masks=has_masks, **more)


def test_folders_are_classes_and_series_are_volumes(tmp_path):
    for number in range(2):
        write_nifti(tmp_path / "ill" / f"{number}.nii.gz", scan())
        write_series(tmp_path / "well" / f"scan{number}", scan())

    found = read(tmp_path)

    train = found.parts["train"]
    assert found.targets.class_names == ("ill", "well")
    assert train.files == ("ill/0.nii.gz", "ill/1.nii.gz", "well/scan0", "well/scan1")
    assert train.input.shape == (4, 6, 5, 4, 1)
    assert train.labels.tolist() == [0, 0, 1, 1]


def test_folders_of_parts_are_parts(tmp_path):
    for part in ("train", "val", "test"):
        for name in ("ill", "well"):
            write_nifti(tmp_path / part / name / "1.nii", scan())

    assert {part: len(each) for part, each in read(tmp_path).parts.items()} == {"train": 2, "validation": 2, "test": 2}


def test_patients_of_dicom_are_groups(tmp_path):
    for name in ("ill", "well"):
        for number in range(2):
            write_series(tmp_path / name / f"scan{number}", scan(), patient=f"P{number}")

    assert read(tmp_path, group="PatientID").parts["train"].groups.tolist() == ["P0", "P1", "P0", "P1"]


def test_nifti_has_no_patients(tmp_path):
    for name in ("ill", "well"):
        write_nifti(tmp_path / name / "1.nii", scan())

    with pytest.raises(DataError, match="2 volumes say no PatientID"):
        read(tmp_path, group="PatientID")


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("images/a.nii.gz", "labels/a.nii.gz"),
        ("images/a.nii", "masks/a_seg.nii.gz"),
        ("imagesTr/a_0000.nii.gz", "labelsTr/a.nii.gz"),
        ("train/images/sub/a.nii", "train/labels/sub/a.nii"),
    ],
)
def test_masks_are_found_beside_volumes(tmp_path, image, mask):
    values = scan()
    write_nifti(tmp_path / image, values)
    write_nifti(tmp_path / mask, (values > 0).astype(np.uint8), flips=(-1, 1, 1))

    train = read(tmp_path, has_masks=True).parts["train"]

    np.testing.assert_array_equal(train.labels[0], values > 0)
    np.testing.assert_array_equal(train.input[0, ..., 0], values)


def test_classes_of_masks_have_the_names_of_the_recipe(tmp_path):
    values = scan()
    write_nifti(tmp_path / "images/a.nii", values)
    write_nifti(tmp_path / "labels/a.nii", (values > 0).astype(np.uint8))
    write_nifti(tmp_path / "labels/b.nii", np.full((6, 5, 4), 2, np.uint8))
    write_nifti(tmp_path / "images/b.nii", values + 1)

    names = ["air", "liver", "tumour", "spleen"]
    assert read(tmp_path, has_masks=True, settings={"classes": names}).targets.class_names == tuple(names)
    with pytest.raises(DataError, match="the masks hold class 2, and `classes` names 0 to 1"):
        read(tmp_path, has_masks=True, settings={"classes": ["air", "liver"]})


def test_mask_with_a_wrong_value_is_named(tmp_path):
    for number in range(3):
        write_nifti(tmp_path / f"images/{number}.nii", scan() + number)
        write_nifti(tmp_path / f"labels/{number}.nii", np.full((6, 5, 4), 300 if number == 1 else 1, np.int16))
    with pytest.raises(DataError, match=r"labels/1\.nii holds 300; classes are 0 to 254") as error:
        read(tmp_path, has_masks=True)
    assert len(error.value.problems) == 1


def without_sides(path):
    """A NIfTI file whose header says 0 mm along one axis, and has no affine."""
    write_nifti(path, scan())
    content = bytearray(path.read_bytes())
    content[252:256] = bytes(4)  # qform_code and sform_code
    content[80:84] = bytes(4)  # pixdim[1]
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("write", "spacing", "message"),
    [
        (without_sides, [1, 1, 1], "its voxels have a side of 0 mm, so it cannot be brought to `spacing`"),
        (
            lambda path: write_nifti(path, scan()),
            [0.001, 0.005, 0.001],
            "at `spacing` it has 6000x1000x4000 voxels, more than",
        ),
    ],
)
def test_spacing_that_cannot_be_had_is_told(tmp_path, capfd, caplog, write, spacing, message):
    for kind in ("ill", "well"):
        (tmp_path / kind).mkdir()
        write(tmp_path / kind / "a.nii")
    read(tmp_path)  # it is not needed here
    with pytest.raises(DataError) as error:
        read(tmp_path, settings={"spacing": spacing})
    assert message in str(error.value.problems[0])
    assert capfd.readouterr().err == ""
    assert caplog.records == []  # nibabel corrects a side of 0 mm


def test_nibabel_is_silent_in_threads_too(tmp_path, caplog):
    without_sides(tmp_path / "a.nii")
    list(in_threads(read_volume, [str(tmp_path / "a.nii")] * 200))
    assert caplog.records == []


def test_volumes_and_masks_that_are_alone_are_all_named(tmp_path):
    write_nifti(tmp_path / "images" / "a.nii", scan())
    write_nifti(tmp_path / "images" / "b.nii", scan())
    write_nifti(tmp_path / "labels" / "c.nii", np.ones((6, 5, 4), np.uint8))
    write_nifti(tmp_path / "images" / "d.nii", scan())
    write_nifti(tmp_path / "labels" / "d.nii", np.ones((6, 5, 4), np.uint8))

    with pytest.raises(DataError) as error:
        read(tmp_path, has_masks=True)

    told = "\n".join(map(str, error.value.problems))
    assert all(
        name in told for name in ("images/a.nii has no mask", "images/b.nii has no mask", "c.nii is the mask of no")
    )


def test_mask_of_another_size_or_spacing_is_an_error(tmp_path):
    write_nifti(tmp_path / "images" / "a.nii", scan())
    write_nifti(tmp_path / "labels" / "a.nii", np.ones((6, 5, 3), np.uint8))
    write_nifti(tmp_path / "images" / "b.nii", scan())
    write_nifti(tmp_path / "labels" / "b.nii", np.ones((6, 5, 4), np.uint8), spacing=(2, 1, 1))

    with pytest.raises(DataError) as error:
        read(tmp_path, has_masks=True)

    told = "\n".join(map(str, error.value.problems))
    assert "6x5x3 voxels" in told
    assert "spacing of 2 x 1 x 1 mm" in told


def test_broken_files_are_all_named_or_skipped(tmp_path):
    for name in ("ill", "well"):
        for number in range(2):
            write_nifti(tmp_path / name / f"{number}.nii.gz", scan())
    (tmp_path / "ill" / "2.nii.gz").write_bytes(b"broken")
    (tmp_path / "well" / "2.dcm").write_bytes(b"broken")

    with pytest.raises(DataError) as error:
        read(tmp_path)

    told = "\n".join(map(str, error.value.problems))
    assert all(name in told for name in ("ill/2.nii.gz", "well/2.dcm", "2 of 6 volumes cannot be used"))
    assert read(tmp_path, may_skip=True).skipped == ("ill/2.nii.gz", "well/2.dcm")


def test_same_volume_in_two_parts_is_an_error(tmp_path):
    values = scan()
    for part in ("train", "test"):
        for name in ("ill", "well"):
            write_nifti(tmp_path / part / name / "1.nii", values if name == "ill" else scan())

    with pytest.raises(DataError, match="train"):
        read(tmp_path)


def test_window_beside_the_values_is_noted(tmp_path):
    for name in ("ill", "well"):
        write_nifti(tmp_path / name / "1.nii", scan())

    notes = read(tmp_path, settings={"window": [5000.0, 6000.0]}).notes

    assert any("one value only" in note.message and "`window`" in note.hint for note in notes)


def test_masks_may_lie_within_the_folder_of_the_volumes(tmp_path):
    values = scan()
    write_nifti(tmp_path / "a.nii", values)
    write_nifti(tmp_path / "labels" / "a.nii", (values > 0).astype(np.uint8))

    found = read(tmp_path, has_masks=True, settings={"masks": str(tmp_path / "labels")})

    assert found.parts["train"].files == ("a.nii",)


def test_two_masks_of_one_volume_are_an_error(tmp_path):
    write_nifti(tmp_path / "images" / "a.nii", scan())
    for name in ("a.nii", "a_seg.nii"):
        write_nifti(tmp_path / "labels" / name, np.ones((6, 5, 4), np.uint8))

    with pytest.raises(DataError, match="are masks of one volume"):
        read(tmp_path, has_masks=True)


def test_class_without_a_readable_volume_is_an_error_even_when_broken_ones_are_skipped(tmp_path):
    write_nifti(tmp_path / "ill" / "1.nii", scan())
    (tmp_path / "well").mkdir()
    (tmp_path / "well" / "1.nii").write_bytes(b"broken")

    with pytest.raises(DataError, match="no training volume of the class `well` can be read"):
        read(tmp_path, may_skip=True)
