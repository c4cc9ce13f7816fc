# shellcheck shell=bash
scenario auto-commit any "offsets that a timer commits lose records at a kill; those committed after the batch do not"

timer_was_there() { # GROUP: a batch is being worked on, and its records are committed
    "$bin/kaudit" "$topic" --group "$1" >"$folder/audit" 2>&1
    [[ $(values bravo phase) == '"processing"' && $(audited COMMITTED) -gt 1 ]]
}

is_processing() { [[ $(values bravo phase) == '"processing"' ]]; }

killed_with() { # auto|batch: the records that were never processed are in $missing then
    local group=$instance-$1
    step "--commit $1: killed in the middle of a batch of 30, each record takes 40 ms"
    supervise --clients bravo --no-producer --group "$group" --quiet --commit "$1" --batch-size 30 -X auto.commit.interval.ms=50 \
        --pipeline "delay:40ms, ndjson:$folder/$1"
    if [[ $1 == auto ]]; then
        wait_for 20 "the timer's commit" timer_was_there "$group"
    else
        wait_for 20 "a batch in flight" is_processing
    fi
    kill_it bravo
    said 'bravo .*was killed by SIGKILL'
    wait_for 40 "all records committed" committed_is "$group" 60
    shut_down
    audit --group "$group" --ndjson "$folder/$1"
    missing=$(audited MISSING)
}

scenario_auto_commit() {
    local missing
    watch_for "the column MISSING: records below the committed offset that were never processed."
    use_topic 1
    produce 60
    killed_with auto
    check "--commit auto: $missing of 60 records are lost, and nothing reports it" "$missing" -gt 0
    killed_with batch
    check "--commit batch: the same kill, $missing are lost" "$missing" -eq 0
}
