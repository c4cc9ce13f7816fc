# shellcheck shell=bash
scenario batching any "a batch is closed by its size or by its time, whichever comes first"

scenario_batching() {
    local count=2000 size=50
    watch_for "batches_by_size and batches_by_time: one commit for each; small batches commit often, long ones wait."
    use_topic 3
    cat >"$folder/fleet.ini" <<END
[ksupervise]
topic = $topic
quiet = yes
rate = 500
count = $count
[client by-size]
group = $instance-size
batch-size = $size
batch-wait = 30s
[client by-time]
group = $instance-time
batch-size = 100000
batch-wait = 400ms
END
    step "The same $count payments at 500/s; by-size closes at $size records, by-time after 400 ms"
    supervise --config "$folder/fleet.ini"
    wait_for 30 "all records at by-time" sum_is by-time committed "$count"
    wait_for 30 "all full batches at by-size" sum_over by-size committed $((count - size))
    show '^(processed|batches_|commits )' kstat -i "$instance" by-size
    show '^(processed|batches_|commits )' kstat -i "$instance" by-time
    step "What it proved"
    check "by-size: $(sum by-size batches_by_size) full batches of $size" "$(sum by-size batches_by_size)" -ge $((count / size - 2))
    check "by-size: $(sum by-size batches_by_time) before it was full (the start may cut one short)" "$(sum by-size batches_by_time)" -le 2
    check "by-time: $(sum by-time batches_by_size) were full" "$(sum by-time batches_by_size)" -eq 0
    check "by-time: $(sum by-time batches_by_time) batches for the same records" "$(sum by-time batches_by_time)" -lt $((count / size / 2))
    say "    (the rest at by-size waits for its 30 s, or for the end: then it is processed and committed too)"
    shut_down
}
