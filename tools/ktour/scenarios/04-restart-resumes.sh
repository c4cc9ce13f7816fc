# shellcheck shell=bash
scenario restart-resumes any "kill -9: the successor continues at the committed offset, and nothing is missing"

scenario_restart_resumes() {
    local count=4000 again
    watch_for "the line 'resumed at': where it continues, and how many records are redelivered at most."
    use_topic 3
    step "A consumer at work: it writes each record into a file"
    produce "$count"
    supervise --clients bravo --no-producer --group "$instance" --quiet --batch-size 200 --pipeline "validate, delay:1ms, ndjson:$folder/got"
    wait_for 30 "some work" sum_over bravo committed 500
    step "Its death"
    kill_it bravo
    said 'bravo .*was killed by SIGKILL'
    said 'bravo resumed at'
    again=$(sed -n 's/.*redelivering at most \([0-9]*\).*/\1/p' <<<"$line")
    wait_for 40 "all records committed" committed_is "$instance" "$count"
    step "Was anything missed? The topic against the file:"
    audit --group "$instance" --ndjson "$folder/got"
    check "$(audited PRODUCED) produced, $(audited MISSING) missing" "$(audited MISSING)" -eq 0
    check "$(audited DOUBLED) came twice, and at most $again were announced: at least once" "$(audited DOUBLED)" -le "$again"
    shut_down
}
