#!/usr/bin/env bash
# Everything that an NVIDIA GPU can show, in one call of less than ten minutes:
#
#     bash benchmarks/gpu.sh                          # results in gpu-results/, or in $OUT
#     bash benchmarks/gpu.sh --quick --device cpu     # does it run? Tiny data, on the processor
#
# Run from the top of the repository. PYTHON names the interpreter, SECONDS_AT_MOST the time for all. Without TensorFlow the
# plain Keras scripts run on Keras' PyTorch or JAX backend, if Keras and one of them are installed.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
most=${SECONDS_AT_MOST:-560}
out=${OUT:-gpu-results}
export TF_CPP_MIN_LOG_LEVEL=1 PYTHONUNBUFFERED=1
mkdir -p "$out"

if command -v nvidia-smi > /dev/null; then
    nvidia-smi | tee "$out/nvidia-smi.txt"
else
    echo "nvidia-smi is not installed: no NVIDIA driver" | tee "$out/nvidia-smi.txt"
fi

installed() { "$python" -c "import importlib.util as u, sys; sys.exit(u.find_spec('$1') is None)"; }

if installed tensorflow; then
    exec timeout --signal=INT "$((most + 20))" "$python" -m benchmarks.gpu --out "$out" --seconds "$most" "$@"
fi
for backend in torch jax; do
    if installed keras && installed "$backend"; then
        echo "TensorFlow is not installed: plain Keras on $backend"
        for script in mnist lenet5; do
            KERAS_BACKEND=$backend timeout "$((most / 2))" "$python" "benchmarks/speed/plain/$script.py" \
                cnncli/data/samples/mnist-sample.npz --epochs 5 --model "$out/plain.keras" | tail -1 | tee "$out/$script-$backend.json"
        done
        exit
    fi
done
echo "neither TensorFlow nor Keras with PyTorch or JAX is installed: pip install '.[gpu]'" >&2
exit 1
