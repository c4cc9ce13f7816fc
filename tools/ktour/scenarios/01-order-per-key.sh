# shellcheck shell=bash
scenario order-per-key any "a consumer gets the records of each key in the order in which they were sent"

payments_numbered() { # COUNT: JSON lines; the amount is a number that counts up, the key is the user
    awk -v count="$1" 'BEGIN { split("anna marek ola piotr zofia jan ewa adam", user)
        for (i = 1; i <= count; i++) printf "{\"user\":\"%s\",\"amount\":\"%d.00\",\"currency\":\"EUR\",\"method\":\"blik\"}\n", user[i * 5 % 8 + 1], i }'
}

received_in_order() { # FILE: prints keys, records that came before an earlier one of their key, the same whatever the key, keys in two partitions
    awk -F '[:,"]+' '{ for (i = 2; i < NF; i++) { if ($i == "partition") p = $(i + 1); if ($i == "user") u = $(i + 1); if ($i == "amount") a = $(i + 1) + 0 }
        if (u in last) { early += a < last[u]; moved += p != home[u] } else keys++
        last[u] = a; home[u] = p; mixed += a < before; before = a }
        END { print keys + 0, early + 0, mixed + 0, moved + 0 }' "$1"
}

scenario_order_per_key() {
    local count=3000 keys early mixed moved
    watch_for "within a key the order is kept; across partitions there is no promise."
    use_topic 3
    step "$count numbered payments of 8 users, the user is the key"
    printf '  %s\n' "${dim}\$ kproduce --stdin --topic $topic --rate 0 < numbered.json${plain}"
    payments_numbered "$count" | "$bin/kproduce" --stdin --topic "$topic" --rate 0 --quiet --publish=no || give_up "kproduce failed"
    step "One consumer records what it gets"
    supervise --clients bravo --no-producer --group "$instance" --quiet --pipeline "ndjson:$folder/got"
    wait_for 30 "all records at bravo" sum_is bravo committed "$count"
    show 'WORKER|bravo' kstat -i "$instance"
    head -n 3 "$folder/got" | cut -c 1-120 | indent
    read -r keys early mixed moved < <(received_in_order "$folder/got")
    step "What it proved"
    check "all $count records came" "$(wc -l <"$folder/got")" -eq "$count"
    check "each of the $keys keys stayed in one partition" "$moved" -eq 0
    check "0 records came before an earlier one of their key" "$early" -eq 0
    say "    ($mixed times a record came right after one of another key that was sent later)"
    shut_down
}
