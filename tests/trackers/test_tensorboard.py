"""Event files, read back by TensorBoard itself."""

import pytest
from run_folders import everything_in

from cnncli.recipe.schema_trackers import TensorBoard
from cnncli.trackers.tensorboard import TensorBoardTracker
from cnncli.trackers.tracked_run import read

accumulators = pytest.importorskip(
    "tensorboard.backend.event_processing.event_accumulator", reason="tensorboard is not installed"
)


def opened(folder):
    found = accumulators.EventAccumulator(str(folder))
    found.Reload()
    return found


def scalars(folder):
    """Tag -> (step, value) of each event."""
    found = opened(folder)
    return {tag: [(e.step, round(e.value, 4)) for e in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def send(folder, settings=None, *, rows=None, finishes=True):
    tracker, run = TensorBoardTracker(settings or TensorBoard()), read(folder)
    made = tracker.start(run)
    for row in rows or run.history:
        tracker.log_epochs([row])
    if finishes:
        tracker.finish(run)
    return made


def test_epochs_are_scalars_of_training_and_validation(make_run):
    folder = make_run()
    send(folder)

    assert scalars(folder / "tensorboard/train") == {
        "loss": [(1, 1.0), (2, 0.5), (3, 0.3333)],
        "accuracy": [(1, 0.25), (2, 0.5), (3, 0.75)],
    }
    assert scalars(folder / "tensorboard/validation") == {"loss": [(1, 2.0), (2, 1.0), (3, 0.6667)]}
    whole = scalars(folder / "tensorboard")
    assert whole["learning_rate"] == [(1, 0.01), (2, 0.01), (3, 0.01)]
    assert whole["test_accuracy"] == [(3, 0.9)]


def test_picture_recipe_and_hyperparameters_are_there(make_run):
    from tensorboard.plugins.hparams import metadata

    folder = make_run(fold={"set": "all", "number": 2, "count": 3})
    send(folder)
    found = opened(folder / "tensorboard")

    [picture] = found.Images("figures/curves")
    assert (picture.width, picture.height) == (60, 40)
    assert picture.encoded_image_string == (folder / "figures/curves.png").read_bytes()
    [text] = found.Tensors("recipe")
    assert text.tensor_proto.string_val[0] == b"```yaml\nname: made\n\n```"
    content = found.summary_metadata
    start = metadata.parse_session_start_info_plugin_data(content["_hparams_/session_start_info"].plugin_data.content)
    assert start.hparams["train.optimizer.Adam.learning_rate"].number_value == 0.001
    assert start.hparams["data.split.stratify"].bool_value is True
    assert start.hparams["data.source"].string_value == "mnist-sample"
    assert not [name for name in start.hparams if name.startswith("model.layers")]
    assert start.group_name == "made/all"
    end = metadata.parse_session_end_info_plugin_data(content["_hparams_/session_end_info"].plugin_data.content)
    assert end.status == 1


def test_files_of_a_stopped_process_are_replaced_so_that_no_step_is_there_twice(make_run):
    folder = make_run()
    rows = read(folder).history
    first = send(folder, rows=rows[:2], finishes=False)
    other = folder / "tensorboard/events.out.tfevents.1.other-program"
    other.write_bytes(b"")

    second = send(folder)

    assert (first.is_new, second.is_new) == (True, False)
    assert [step for step, _ in scalars(folder / "tensorboard/train")["loss"]] == [1, 2, 3]
    assert len(list((folder / "tensorboard/train").iterdir())) == 1
    assert other.exists()


def test_epochs_can_be_read_while_the_run_trains(make_run):
    folder = make_run()
    tracker, run = TensorBoardTracker(TensorBoard()), read(folder)
    tracker.start(run)
    tracker.log_epochs(run.history[:1])

    assert scalars(folder / "tensorboard/train")["loss"] == [(1, 1.0)]


def test_folder_of_the_settings_has_a_folder_for_each_run(make_run, tmp_path):
    folder = make_run()
    before = everything_in(folder)

    made = send(folder, TensorBoard(folder=str(tmp_path / "logs")))

    assert made.place == str(tmp_path / "logs/made/first")
    assert scalars(tmp_path / "logs/made/first/train")["loss"][0] == (1, 1.0)
    assert everything_in(folder) == before
