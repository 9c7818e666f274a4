"""What is committed comes back bit for bit, and takes no more room than it must."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnncli.training.state import State

VALUES = [0.0, -0.0, 1.0, float("nan"), float("inf")]
TYPES = ["float32", "float64", "int64", "uint8", "bool"]
arrays = st.builds(
    lambda dtype, shape, value: np.full(shape, value, dtype=float).astype(dtype),
    st.sampled_from(TYPES),
    st.sampled_from([(), (0,), (1,), (2,), (2, 1), (1, 2), (2, 3)]),
    st.sampled_from([0.0, -0.0, 1.0]),
)


def loaded(state: State, path: Path) -> State:
    state.save(path)
    return State.load(state.values, path)


@given(st.dictionaries(st.integers(0, 9).map(lambda number: f"model/{number}"), arrays))
def test_every_array_comes_back_with_its_bits_type_and_shape(tmp_path_factory, given_arrays):
    back = loaded(State({}, given_arrays), tmp_path_factory.mktemp("state") / "state.npz")
    described = {name: (array.dtype, array.shape, array.tobytes()) for name, array in given_arrays.items()}
    assert {name: (array.dtype, array.shape, array.tobytes()) for name, array in back.arrays.items()} == described


def test_numbers_that_are_equal_but_for_their_bits_are_reported_apart(tmp_path):
    kept = {f"model/{number}": np.array([value], np.float32) for number, value in enumerate(VALUES)}
    back = loaded(State({}, kept), tmp_path / "state.npz")
    assert [back.arrays[name].tobytes() for name in kept] == [array.tobytes() for array in kept.values()]


def test_weights_that_are_also_the_best_ones_are_written_once(tmp_path):
    weights = np.random.default_rng(0).random((1000, 100), dtype=np.float32)
    state = State({}, {"model/0": weights})
    state.capture_list("best_weights", [weights.copy()])
    back = loaded(state, tmp_path / "state.npz")
    np.testing.assert_array_equal(back.list_of("best_weights"), [weights])
    np.testing.assert_array_equal(back.arrays["model/0"], weights)
    assert (tmp_path / "state.npz").stat().st_size < 1.1 * weights.nbytes


def test_a_state_of_before_without_the_list_of_twins_is_read(tmp_path):
    np.savez(tmp_path / "state.npz", **{"model/0": np.ones(3)})
    assert State.load({"model": 1}, tmp_path / "state.npz").arrays["model/0"].tolist() == [1, 1, 1]
