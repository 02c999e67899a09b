#!/bin/sh
# A run by several processes under Slurm: one of them on each node, with all of the node's processors.
#
#   sbatch deploy/slurm.sh cifar10-ipc10 --data /shared/cifar-10 --runs /shared/runs --cache /shared/cache
#
# The folders of --runs and --cache must be the same for all nodes. A job that is preempted keeps its state; Slurm queues it
# again, perhaps on other nodes, and it goes on. One whose time is up has kept its state too: submit it again.

#SBATCH --job-name=ncfm
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=08:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=TERM@120

# Node.js itself, not npx, whose shell would keep the signal to itself. One process that ends ends the step.
exec srun --kill-on-bad-exit=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" \
  node "${NCFM:-node_modules/ncfm}/dist/cli/main.js" run "$@" --resume
