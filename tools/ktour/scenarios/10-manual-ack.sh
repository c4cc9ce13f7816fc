# shellcheck shell=bash
scenario manual-ack any "records are acknowledged one by one; after a kill only the others are redelivered, and only in that group"

lines_are() { [[ -e $1 && $(wc -l <"$1") -eq $2 ]]; } # FILE COUNT

offsets_from() { # FILE LINE: the offsets from that line on
    tail -n +"$2" "$1" | sed 's/.*"offset":\([0-9]*\).*/\1/' | xargs
}

scenario_manual_ack() {
    watch_for "ACKNOWLEDGED ahead of the committed offset: bravo's successor gets the unacknowledged records, and zulu is not affected."
    use_topic 1
    cat >"$folder/fleet.ini" <<END
[ksupervise]
topic = $topic
no-producer = yes
quiet = yes
commit = manual
[client bravo]
group = $instance-bravo
pipeline = ndjson:$folder/bravo
[client zulu]
group = $instance-zulu
pipeline = ndjson:$folder/zulu
END
    step "Ten payments for two groups; nothing is committed until it is acknowledged"
    produce 10
    supervise --config "$folder/fleet.ini"
    wait_for 30 "ten at bravo" lines_are "$folder/bravo" 10
    wait_for 30 "ten at zulu" lines_are "$folder/zulu" 10
    step "bravo acknowledges out of order"
    ctl ack bravo 0:0-1
    ctl ack bravo 0:4,0:6-7
    show 'unacknowledged|acknowledged_ahead|"committed":' kstat -i "$instance" --json=1 bravo
    check "the committed offset is the first unacknowledged one: 2; three are acknowledged beyond it" \
        "$(sum bravo committed) $(sum bravo acknowledged_ahead)" = "2 3"
    step "bravo is killed"
    kill_it bravo
    said 'bravo resumed at'
    wait_for 30 "the redelivered records" lines_are "$folder/bravo" 15
    check "its successor got 2 3 5 8 9 again, and no other" "$(offsets_from "$folder/bravo" 11)" = "2 3 5 8 9"
    check "zulu's group is untouched: committed $(sum zulu committed), 10 records seen once" "$(sum zulu committed) $(wc -l <"$folder/zulu")" = "0 10"
    ctl ack bravo all
    check "bravo has finished all 10" "$(sum bravo committed)" -eq 10
    shut_down
}
