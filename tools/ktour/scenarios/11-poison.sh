# shellcheck shell=bash
scenario poison any "a record that kills its consumer is found and quarantined, and work continues after it"

scenario_poison() {
    watch_for "two deaths by SIGSEGV; the candidates are tried one by one, one kills the consumer, and there is no third death."
    use_topic 3
    step "600 payments with one among them at which the consumer crashes"
    produce 300
    produce_of mallory
    local partition offset
    read -r partition offset < <(sed -n 's/.*partition \([0-9]*\) : at offset \([0-9]*\).*/\1 \2/p' "$folder/shown")
    produce 300
    supervise --clients bravo --no-producer --group "$instance" --quiet --restart-delay 1ms --restart-delay-max 5ms \
        --pipeline "validate, crash:user == 'mallory'"
    said 'may have caused SIGSEGV'
    said 'killed bravo twice'
    said 'came through the poison candidates'
    wait_for 30 "all committed" committed_is "$instance" 601
    step "Where is it now?"
    show '' ktopic dlq show --workload payments "$topic"
    check "the right record was found: partition $partition offset $offset, quarantined" \
        "$(grep -c "partition $partition offset $offset .*in quarantine" "$folder/shown")" -eq 1
    audit --group "$instance" --dlq
    check "$(audited DEAD) dead letter, $(audited MISSING) missing, 601 committed" "$(audited DEAD) $(audited MISSING) $(audited COMMITTED)" = "1 0 601"
    check "two restarts, and bravo is ready" "$(sum bravo restarts) $(values bravo state)" = '2 "ready"'
    shut_down
}
