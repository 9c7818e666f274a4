#!/bin/bash
# Train one recipe on several machines, over ssh:
#
#     ssh.sh recipe.yaml first gpu1 gpu2:2222 10.0.0.5
#     PORT=2223 CNNCLI=/opt/cnncli/bin/cnncli ssh.sh recipe.yaml first gpu1 gpu2
#
# The first machine is the chief: it writes the run's folder and shows the progress. The recipe and its data must be in the
# same folder on all machines: this one, or FOLDER. ssh must not ask for a password. Where the run "first" exists, it is
# continued; its folder must then be on all machines.

set -euo pipefail

if [ $# -lt 4 ]; then
    echo "usage: ssh.sh RECIPE RUN HOST HOST..." >&2
    exit 2
fi
recipe=$1 run=$2
shift 2
folder=${FOLDER:-$PWD} cnncli=${CNNCLI:-cnncli} port=${PORT:-2222}

addresses=()
for host in "$@"; do
    case $host in
        \[*\]:* | *[!:]:[0-9]*) addresses+=("$host") ;;
        *) addresses+=("$host:$port") ;;
    esac
done
hosts=$(IFS=, && echo "${addresses[*]}")

found=$(compgen -G "$folder/outputs/*/$run" | head -n 1 || true)
if [ -n "$found" ]; then
    arguments=("$found" --resume)
else
    arguments=("$recipe" --run "$run")
fi

processes=()
trap 'kill "${processes[@]}" 2>/dev/null || true' EXIT
rank=0
for address in "${addresses[@]}"; do
    host=${address%:*}
    host=${host#[} host=${host%]}
    remote="cd $(printf %q "$folder") && exec $(printf '%q ' "$cnncli" train "${arguments[@]}" --hosts "$hosts" --rank "$rank")"
    # With -tt the process on the other machine ends when this script ends.
    if [ "$rank" -eq 0 ]; then
        ssh -tt -o BatchMode=yes "$host" "$remote" </dev/null &
    else
        ssh -tt -o BatchMode=yes "$host" "$remote" </dev/null >"worker-$rank.log" 2>&1 &
    fi
    processes+=($!)
    rank=$((rank + 1))
done

code=0
for process in "${processes[@]}"; do
    wait "$process" || { ended=$?; [ "$code" -ne 0 ] || code=$ended; }
done
exit "$code"
