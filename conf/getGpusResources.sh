#!/usr/bin/env bash
# Tells Spark which GPUs a machine has, in the form that spark.{driver,executor,worker}.resource.gpu.discoveryScript
# asks for: {"name": "gpu", "addresses": ["0", "1"]}. Where CUDA_VISIBLE_DEVICES names some, only these.
set -euo pipefail

if [[ -n ${CUDA_VISIBLE_DEVICES:-} ]]; then
  addresses=$(tr ',' '\n' <<<"$CUDA_VISIBLE_DEVICES")
elif ! addresses=$(nvidia-smi --query-gpu=index --format=csv,noheader); then
  echo "Cannot find the GPUs of $(hostname): nvidia-smi failed. Is the NVIDIA driver installed?" >&2
  exit 1
fi
quoted=$(tr -d ' ' <<<"$addresses" | sed '/^$/d; s/.*/"&"/' | paste -sd, -)
echo "{\"name\": \"gpu\", \"addresses\": [$quoted]}"
