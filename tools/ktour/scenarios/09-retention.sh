# shellcheck shell=bash
scenario retention real "retention deletes records whether they were read or not: a late consumer sees only what is left"

low_is() { # OFFSET: the topic begins there
    [[ $("$bin/ktopic" describe "$topic" 2>/dev/null | awk '$1 == 0 && NF == 7 { print $5 }') == "$1" ]]
}

scenario_retention() {
    watch_for "FIRST (kstat: LOW), the low watermark: it moves up, and the numbers before it never come back."
    use_topic 1
    step "300 payments, and a consumer that is in time"
    produce 300
    supervise --clients early --no-producer --group "$instance-early" --quiet
    wait_for 30 "all at early" sum_is early committed 300
    show 'PARTITION|^ +0' ktopic describe "$topic"
    step "Keep only the last second"
    show '' ktopic retention "$topic" 1s
    say "    … until the broker checks (log.retention.check.interval.ms: 5 minutes by default; 'make kafka' checks often)"
    wait_for 40 "the low watermark at 300" low_is 300
    show 'PARTITION|^ +0' ktopic describe "$topic"
    wait_for 20 "the new low watermark in kstat" sum_is early low 300
    show '' ktopic retention "$topic" default
    produce 50
    wait_for 30 "the new ones at early" sum_is early committed 350
    shut_down
    step "A late consumer that starts at the earliest record"
    supervise --clients late --no-producer --group "$instance-late" --from earliest --quiet
    wait_for 30 "the rest at late" sum_is late committed 350
    show 'PARTITION|^late' kstat -i "$instance"
    step "What it proved"
    check "the topic's end is 350, and 50 records are left for the late consumer" "$(sum late processed)" -eq 50
    check "it began at 300; nothing was counted as lost, for it had committed nothing" "$(sum late resumed) $(sum late lost)" = "300 0"
    shut_down
}
