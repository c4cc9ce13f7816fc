# shellcheck shell=bash
scenario dead-letters real "a record that can never be processed goes to TOPIC.dlq with the reason, and can be sent back once the fault is fixed"

rejected() { [[ $(sum bravo dead_lettered) -eq $1 ]] && committed_is "$instance" "$2"; }

scenario_dead_letters() {
    local rule="reject:user == 'mallory'"
    watch_for "the good records continue; the bad ones are reported, kept with their reason, and come back on request."
    use_topic 3
    step "300 payments, and three by mallory, which a rule refuses"
    produce 300
    local i
    for i in 1 2 3; do produce_of mallory; done
    supervise --clients bravo --no-producer --group "$instance" --quiet --pipeline "validate, $rule"
    said 'mallory.*it goes to'
    wait_for 30 "three dead letters, all committed" rejected 3 303
    audit --group "$instance" --dlq
    check "$(audited DEAD) dead letters, $(audited MISSING) missing: every record is accounted for" "$(audited DEAD) $(audited MISSING)" = "3 0"
    step "The dead letters"
    show '' ktopic dlq list --workload payments "$topic"
    show '' ktopic dlq show --workload payments "$topic"
    check "each letter says which rule and which record" "$(grep -c "in reject .*mallory" "$folder/shown")" -eq 3
    shut_down
    step "The rule is fixed: now they can be sent back"
    show '' ktopic dlq replay --workload payments "$topic"
    show '' ktopic dlq replay --workload payments "$topic"
    check "the second replay sends none: each goes back once" "$(grep -c ': 0 letters sent back' "$folder/shown")" -eq 1
    supervise --clients bravo --no-producer --group "$instance" --quiet
    wait_for 30 "the three" committed_is "$instance" 306
    check "3 came back and were processed" "$(sum bravo processed) $(sum bravo dead_lettered)" = "3 0"
    shut_down
}
