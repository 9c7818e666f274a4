"""Files of volumes for tests, made by the libraries that read them."""

from pathlib import Path

import numpy as np

_LEFT_BACK_HEAD = np.diag([-1.0, -1.0, 1.0])  # in NIfTI's axes: to the right, to the front, to the head


def write_nifti(path, values, *, spacing=(1, 1, 1), flips=(1, 1, 1), order=(0, 1, 2)):
    """Write (depth, height, width) with axes in another order, some of them reversed."""
    import nibabel

    axes = _LEFT_BACK_HEAD * np.array(spacing[::-1])  # columns: width, height, depth
    turned, affine = values.transpose(2, 1, 0), np.eye(4)
    for axis, flip in enumerate(flips):
        if flip < 0:
            turned = np.flip(turned, axis)
            axes[:, axis] *= -1
    affine[:3, :3] = axes[:, order]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(turned.transpose(order)), affine), path)
    return str(path)


def write_series(
    folder, values, *, patient="P1", spacing=(2, 1, 1), name="slice", orientation=(1, 0, 0, 0, 1, 0), step=(0, 0, 1)
):
    """Write slices (slices, rows, columns) of one DICOM series, not in the order of their names; in units less 1,000."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    series = generate_uid()
    for number, pixels in enumerate(values):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        part = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
        part.SOPClassUID, part.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
        part.PatientID, part.SeriesInstanceUID = patient, series
        part.Rows, part.Columns = pixels.shape
        part.PixelSpacing, part.SliceThickness = list(spacing[1:]), spacing[0]
        part.ImageOrientationPatient = list(orientation)
        part.ImagePositionPatient = [float(spacing[0] * number * each) for each in step]
        part.SamplesPerPixel, part.PhotometricInterpretation = 1, "MONOCHROME2"
        part.BitsAllocated, part.BitsStored, part.HighBit, part.PixelRepresentation = 16, 16, 15, 1
        part.RescaleSlope, part.RescaleIntercept = 1, -1000
        part.PixelData = (pixels.astype(np.int32) + 1000).astype(np.int16).tobytes()
        file = folder / f"{name}{(number * 5 + 2) % len(values) if len(values) % 5 else number}.dcm"
        part.save_as(file, enforce_file_format=True)
    return str(folder)
