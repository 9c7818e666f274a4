"""How long `cnncli train` takes beside the Keras script, or the PyTorch script, that a user would otherwise write.

    python -m benchmarks.speed mnist lenet5 --runs 5
    python -m benchmarks.speed image-folder-5 --runs 5
    python -m benchmarks.speed vgg16 --photos DIR --weights FILE --runs 5
    python -m benchmarks.speed lenet5-steps resnet20-steps --rounds 15 --pytorch ~/pytorch
    python -m benchmarks.speed mnist-steps --also CNNCLI_ONEDNN=0
    python -m benchmarks.speed start-up --runs 5
    python -m benchmarks.speed --quick             # does it all still run? One epoch on next to nothing, no figures to keep

Run from the top of the repository. The sides of a workload take turns, A B C A B C, so that whatever else the machine
does falls on all of them.

Whole processes: run k has seed k on every side. Each is a process of its own, with the same data files, the same layers,
optimizer, batch size and epochs; cnncli does all that it does by default, the pictures included. Measured of each process:
wall and processor seconds of all of it, seconds of fitting as it says itself (cnncli's hold the saving of the model too),
accuracy on the test examples (the last epoch's plainly, the best epoch's of cnncli), peak resident memory. Half of the small
JPEGs are Fashion-MNIST's where Debian's package dataset-fashion-mnist is installed, else digits again, shifted; photos of any
folder are set aside for validation (10%) and test (30%) in the same way for all.

Steps (`…-steps`): each side is a process that trains an epoch and waits while the others train theirs. Measured is the time
from the beginning of an epoch to the end of its last step, over the number of steps, as the script or `cnncli train` runs
them, with input pipeline and callbacks.

`start-up` measures how long commands take to start, beside the import of TensorFlow: each with its goal.

The table on stdout has medians; `--json FILE` keeps every single measurement, and `python -m benchmarks.speed.chart` draws it.
The scripts are in plain/ and pytorch/, each to be read and run by itself. "Plain Keras" is what the tutorials show; beside it
stand what a user gets who also calls `.cache()`, and who computes the frozen network's outputs once. With `--pytorch DIR`
PyTorch takes part: as it is, with channels_last, with torch.compile, with both.
"""
