#!/usr/bin/env bash
# Embeds texts and attends to keys on a standalone cluster of Spark on this machine: a master and two workers, each with an executor of one
# core. Compares the results with those of one process. The exit code is 0 only if all compares equal.
#   cluster.sh [--texts N] [--keys N] [--kill]
#   cluster.sh --duel | --scale
# --texts N  how many texts, 20000 without it; 0 for none
# --keys N   how many keys with 8 heads of 64, 1000000 without it, which need 16 GB of memory; 0 for none
# --kill     kills a worker and its executor in the middle of each job
# --duel     measures instead: texts a second of local[2] and of one process, the load of a model in an executor, and its memory; 6 minutes
# --scale    measures the costs of a job on 1, 2 and 4 executors, and prints what a model makes of them for up to 1000; 4 minutes
# First: mvn -Pspark -DskipTests package
set -euo pipefail

if [ "${1:-}" = --help ]; then
  sed -n '2,$s/^# \{0,1\}//p' "$0"
  exit 0
fi
cd "$(dirname "$0")"
if [ ! -d target/lib ] || [ ! -d target/cluster ] || [ ! -d target/test-classes ]; then
  echo "cluster.sh: this module is not built; run mvn -Pspark -DskipTests package in the root of the checkout" >&2
  exit 2
fi
program=ClusterCheck
case "${1:-}" in
--duel) program=SparkDuel ;;
--scale) program=ScaleMeasurements ;;
esac
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
release=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
if [ "${release:-0}" -lt 25 ]; then
  echo "cluster.sh: $java is Java ${release:-unknown}, must be 25 or newer; set JAVA_HOME" >&2
  exit 2
fi
folder=$(mktemp -d "${TMPDIR:-/tmp}/lanewise-cluster.XXXXXX")
driver=
finish() {
  if [ -n "$driver" ] && kill "$driver" 2>/dev/null; then
    wait "$driver" || true # it ends the master, the workers and their executors
  fi
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

models=(target/cluster/langchain4j-embeddings-*.jar)
"$java" -Xmx"${CLUSTER_HEAP:-7g}" --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
  --sun-misc-unsafe-memory-access=allow -Dlanewise.cluster.jars=target/cluster -Djava.io.tmpdir="$folder" \
  -Dlog4j2.configurationFile=dev-lanewise-spark-log4j2.properties \
  -cp "target/test-classes:target/classes:target/lib/*" \
  dev.lanewise.spark.job.cluster.$program "$PWD/${models[0]}" "$folder/work" "$@" &
driver=$!
code=0
wait "$driver" || code=$?
driver=
exit "$code"
