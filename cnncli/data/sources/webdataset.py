"""The source `webdataset`: tar archives of samples, as WebDataset has them."""

from __future__ import annotations

from cnncli.data.shards.tar_index import index_tar
from cnncli.data.sources.shards import ShardKind, ShardSource

SOURCE = ShardSource(
    ShardKind(
        name="tar",
        suffixes=(".tar",),
        index=index_tar,
        column="member",
        images=("jpg", "jpeg", "png", "webp", "tif", "tiff", "avif", "bmp", "gif", "heic"),
        labels=("cls", "label", "class"),
    )
)
