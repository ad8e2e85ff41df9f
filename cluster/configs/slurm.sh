#!/bin/bash
# One study on the nodes of one Slurm allocation:
#   sbatch slurm.sh studies/quickstart.yaml [arguments of `tuner run`...]
# Needs: this package in $TUNER_VENV (default .venv) and the working directory on storage that all nodes share.
# When the time limit comes, submit the same line again: the study goes on where it stopped.
#SBATCH --job-name=tuner
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=32G
#SBATCH --time=08:00:00
#SBATCH --output=%x-%j.log
# Uncomment for one GPU a node:
##SBATCH --gpus-per-node=1
set -euo pipefail

study=${1:?usage: sbatch slurm.sh STUDY [arguments of tuner run]}
shift
ray="${TUNER_VENV:-$PWD/.venv}/bin/ray"
tuner="${TUNER_VENV:-$PWD/.venv}/bin/tuner"
port=$((20000 + SLURM_JOB_ID % 20000))  # two jobs on one node must not meet
cpus=${SLURM_CPUS_PER_TASK:-1}
gpus=${SLURM_GPUS_ON_NODE:-0}

# One secret per job, readable by its owner alone: other users of these nodes can reach the ports.
umask 077
secrets=$(mktemp -d "$PWD/.ray-$SLURM_JOB_ID-XXXXXX")
trap 'rm -rf "$secrets"' EXIT
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$secrets/token"
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH="$secrets/token"
export RAY_USAGE_STATS_ENABLED=0 RAY_USAGE_STATS_REPORT_URL=http://127.0.0.1:9
export RAY_PROFILING=1 OMP_NUM_THREADS=1

mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes[0]}
head_ip=$(srun --nodes=1 --ntasks=1 -w "$head" hostname --ip-address | cut -d' ' -f1)
export RAY_ADDRESS="$head_ip:$port"

# ray start reads RAY_ADDRESS too, so the head is started without it.
srun --nodes=1 --ntasks=1 -w "$head" env -u RAY_ADDRESS "$ray" start --head --node-ip-address="$head_ip" \
  --port="$port" --dashboard-host=127.0.0.1 --disable-usage-stats --num-cpus="$cpus" --num-gpus="$gpus" --block &
for _ in $(seq 60); do
  if "$ray" status > /dev/null 2>&1; then break; fi
  sleep 2
done
for node in "${nodes[@]:1}"; do
  srun --nodes=1 --ntasks=1 -w "$node" "$ray" start --address="$RAY_ADDRESS" \
    --disable-usage-stats --num-cpus="$cpus" --num-gpus="$gpus" --block &
done
sleep 20  # workers join within seconds; one that comes later is still used

srun --overlap --nodes=1 --ntasks=1 -w "$head" "$tuner" run "$study" --set cluster=auto "$@"
