# shellcheck shell=bash
scenario two-groups any "two groups are independent: each gets every record"

scenario_two_groups() {
    local count=2000
    watch_for "bravo and zulu count the same records, each at its own pace; zulu is slow on purpose."
    use_topic 3
    cat >"$folder/fleet.ini" <<END
[ksupervise]
topic = $topic
no-producer = yes
quiet = yes
[client bravo]
group = $instance-bravo
[client zulu]
group = $instance-zulu
batch-size = 100
pipeline = validate, delay:500us
END
    step "$count payments, two groups"
    produce "$count"
    supervise --config "$folder/fleet.ini"
    wait_for 30 "all records at bravo" sum_is bravo committed "$count"
    show 'WORKER|bravo|zulu' kstat -i "$instance"
    wait_for 30 "all records at zulu" sum_is zulu committed "$count"
    show 'WORKER|bravo|zulu' kstat -i "$instance"
    step "What it proved"
    check "bravo got all $count" "$(sum bravo processed)" -eq "$count"
    check "zulu got all $count, too" "$(sum zulu processed)" -eq "$count"
    shut_down
}
