"""How long `cnncli train` takes beside the Keras script that a user would otherwise write.

    python -m benchmarks.speed mnist lenet5 --runs 3
    python -m benchmarks.speed image-folder-5 image-folder-15 --runs 3
    python -m benchmarks.speed vgg16 --photos DIR --weights FILE --runs 3
    python -m benchmarks.speed start-up --runs 5
    python -m benchmarks.speed --quick             # does it all still run? One epoch on next to nothing, no figures to keep

Run from the top of the repository. The sides of a workload take turns, A B C A B C, so that whatever else the machine
does falls on all of them. Run k has seed k on every side. Each is a process of its own, with the same data files, the
same layers, optimizer, batch size and epochs; cnncli does all that it does by default, the pictures included.

Measured of each process: wall and processor seconds of all of it, seconds of fitting as it says itself (cnncli's hold the
saving of the model too), accuracy on the test examples (the last epoch's plainly, the best epoch's of cnncli), peak
resident memory. Half of the small JPEGs are Fashion-MNIST's where Debian's package dataset-fashion-mnist is installed,
else digits again, shifted; photos of any folder are set aside for validation (10%) and test (30%) in the same way for all.

`start-up` measures how long commands take to start, beside the import of TensorFlow: each with its goal.

The table on stdout has medians; `--json FILE` keeps every single measurement.
The plain scripts are in plain/, each to be read and run by itself. "Plain Keras" is what the tutorials show; beside it
stand what a user gets who also calls `.cache()`, and who computes the frozen network's outputs once.
"""
