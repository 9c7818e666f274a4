"""The index of a TFRecord file: where the features of each example lie."""

from __future__ import annotations

from cnncli.data.shards.example_proto import BadExample, features_of
from cnncli.data.shards.record_file import read_records
from cnncli.data.shards.span_index import IndexBuilder, SpanIndex
from cnncli.errors import DataError, Problem
from cnncli.messages import printable


def index_records(path: str) -> SpanIndex:
    """Go through a TFRecord file, compare its checksums, and note where the features lie.

    Raises:
        DataError: as `read_records`; or a record is no `tf.train.Example`.
    """
    builder = IndexBuilder(path)
    for record in read_records(path):
        try:
            features = features_of(record.content)
        except BadExample as error:
            message = f"{printable(path)}: record {record.number:,} is no `tf.train.Example`"
            raise DataError(Problem(message, "records of other messages are not read")) from error
        builder.add(
            {
                name: (feature.kind, [(record.begin + first, record.begin + end) for first, end in feature.spans])
                for name, feature in features.items()
            }
        )
    index = builder.index()
    if not index.count:
        raise DataError(Problem(f"{printable(path)} has no records"))
    return index
