"""The end of an iterator over batches."""

from __future__ import annotations

import numpy as np

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.encoding import STORED
from cnncli.data.pipeline import Batches


def test_no_thread_tunes_an_iterator_whose_end_would_wait_for_that_threads_next_round() -> None:
    examples = Examples({INPUT: np.zeros((10, 2), np.float32)}, np.zeros(10, np.int32))
    batches = Batches(examples, batch_size=4, encodings={"": STORED})

    assert batches.dataset().options().autotune.enabled is False
