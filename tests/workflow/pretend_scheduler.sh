#!/bin/bash
# The least that a scheduler does, for snakemake-executor-plugin-cluster-generic:
#   pretend_scheduler.sh submit SPOOL JOBSCRIPT    starts the job beside us, prints its number
#   pretend_scheduler.sh status SPOOL NUMBER       prints running, success or failed
# A job is a session of its own, whose leader's process id is its number.
set -euo pipefail
spool=$2
case $1 in
  submit)
    mkdir -p "$spool"
    setsid bash -c 'code=0; bash "$2" > "$1/$$.out" 2>&1 || code=$?; echo "$code" > "$1/$$.end"' \
      job "$spool" "$3" < /dev/null > /dev/null 2>&1 &
    echo $!
    ;;
  status)
    alive=yes
    kill -0 "$3" 2> /dev/null || alive=
    if [ -s "$spool/$3.end" ]; then
      if [ "$(cat "$spool/$3.end")" = 0 ]; then echo success; else echo failed; fi
    elif [ "$alive" ]; then
      echo running
    else
      echo failed # killed, and so without an end
    fi
    ;;
esac
