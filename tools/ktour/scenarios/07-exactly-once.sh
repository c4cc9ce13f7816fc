# shellcheck shell=bash
scenario exactly-once any "rows and offsets in one transaction: kills neither lose a record nor count one twice"

worked_on() { # PID COUNT: another process than that one, and more than COUNT committed
    local pid
    pid=$(pid_of bravo)
    [[ $pid && $pid != "$1" && $pid != 0 && $pid != - ]] && sum_over bravo committed "$2"
}

scenario_exactly_once() {
    local count=12000 kills=6 i pid=none
    watch_for "kills in the middle of the work; then the database is compared with the topic, record by record."
    use_topic 3
    [[ $session ]] && kills=3 # the embedded broker takes a session for each
    step "$count payments; the producer's ledger says which of them Kafka acknowledged"
    produce "$count" --ledger "$folder/sent.ledger"
    step "A consumer that writes them into SQLite, killed again and again"
    supervise --clients bravo --no-producer --group "$instance" --quiet --batch-size 100 --max-deaths 32 --restart-delay 1ms \
        --restart-delay-max 5ms --pipeline "validate, delay:300us, sqlite:$folder/shop.db"
    for ((i = 1; i <= kills; i++)); do
        wait_for 30 "work after kill $((i - 1))" worked_on "$pid" $((i * count / (kills + 3)))
        pid=$(pid_of bravo)
        kill_it bravo
        said 'bravo resumed at'
    done
    wait_for 40 "all records committed" committed_is "$instance" "$count"
    step "The topic against the database and the ledger:"
    audit --group "$instance" --sqlite "$folder/shop.db" --ledger "$folder/sent.ledger"
    check "ksupervise restarted it $kills times" "$(sum bravo restarts)" -eq "$kills"
    check "$count records, $(audited IN_SINK) rows" "$(audited IN_SINK)" -eq "$count"
    check "$(audited MISSING) missing, $(audited DOUBLED) doubled, $(audited LOST) lost" "$(audited MISSING) $(audited DOUBLED) $(audited LOST)" = "0 0 0"
    shut_down
}
