# shellcheck shell=bash
scenario shared-group any "consumers of one group split the partitions; a third joins; one dies, and the others take over"

spread_is() { # "3 3": how many partitions each worker of alpha and beta has, in order
    [[ "$({ values alpha assigned_partitions; values beta assigned_partitions; } | sort -n | xargs)" == "$1" ]]
}

everything_committed() { # all that the producer was acknowledged
    local sent
    sent=$(sum producer acknowledged)
    [[ $sent -gt 0 ]] && committed_is "$instance" "$sent"
}

scenario_shared_group() {
    watch_for "the partitions (TOPIC … PARTITION) move from worker to worker, and no record is missed."
    use_topic 6
    session=6s # the least that Kafka allows: a dead member that does not come back is missed after it
    step "Two consumers, one group, six partitions"
    supervise --clients alpha,beta --group "$instance" --rate 300 --quiet --restart never
    wait_for 30 "three partitions each" spread_is "3 3"
    check "two consumers have 3 and 3 partitions" "$(values alpha assigned_partitions) $(values beta assigned_partitions)" = "3 3"
    step "A third joins"
    ctl scale beta 2
    wait_for 30 "two partitions each" spread_is "2 2 2"
    show 'WORKER|alpha|beta' kstat -i "$instance"
    check "three consumers have 2, 2 and 2" "$(sum alpha assigned_partitions) $(sum beta assigned_partitions)" = "2 4"
    step "One dies for good: a restart would keep its membership, so restarts are off here"
    kill_it alpha
    said 'alpha .*was killed by SIGKILL'
    say "    … the group waits for its session of $session to expire"
    wait_for 40 "three partitions each again" spread_three
    check "its two partitions went to the others: 3 and 3" "$(values beta assigned_partitions | xargs)" = "3 3"
    step "Was anything missed?"
    ctl stop producer
    wait_for 30 "everything committed" everything_committed
    audit --group "$instance"
    check "all $(audited PRODUCED) records were committed, $(audited WAITING) wait" "$(audited COMMITTED)" -eq "$(audited PRODUCED)"
    shut_down
}

spread_three() { [[ "$(values beta assigned_partitions | xargs)" == "3 3" ]]; } # beta and beta.2: alpha's last state does not count
