"""HEIC files, which Pillow reads with the plugin pillow-heif alone."""

from __future__ import annotations

from functools import cache

from cnncli.data.image_header import BadImage

INSTALL = 'pip install "cnncli[heic]"'


@cache
def register_heic() -> None:
    """Let Pillow read HEIC files; turned upright and with 8 bits, as the plugin gives them.

    Raises:
        BadImage: the plugin is not installed.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise BadImage(f"a HEIC image; to read it: {INSTALL}") from error
    pillow_heif.register_heif_opener()
