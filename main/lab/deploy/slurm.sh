#!/bin/sh
# A sweep as a Slurm job array: each task runs its share of the seeds.
#
#     go build -o lab ./main/lab
#     mkdir -p results
#     sbatch main/lab/deploy/slurm.sh raft -seeds 100000
#     ./lab merge results            # when the array is done: one verdict, or which shares are missing
#
# To be submitted in the module's tree, which all nodes see, with Go on their PATH. A task that
# is killed and queued again goes on where it was. To run shares 3 and 7 of 16 again:
#
#     LAB_SHARDS=16 sbatch --array=3,7 main/lab/deploy/slurm.sh raft -seeds 100000
#
#SBATCH --job-name=lab
#SBATCH --array=1-16
#SBATCH --cpus-per-task=2
#SBATCH --requeue
#SBATCH --output=results/%a.log
#SBATCH --open-mode=append

results=${LAB_RESULTS:-results}
exec "${LAB:-./lab}" run "$@" -shard env -jobs "${SLURM_CPUS_PER_TASK:-1}" -result "$results/$SLURM_ARRAY_TASK_ID.jsonl"
