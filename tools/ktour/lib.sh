#!/usr/bin/env bash
# ktour: Kafka's behaviour, shown by the real programs. lib.sh, scenarios/*.sh and main.sh, concatenated, are build/bin/ktour.
#
# The functions for scenarios. A scenario is a process of its own; however it ends, `cleanup` leaves no process, no
# shared memory and no file. It waits on conditions with a deadline, and every claim that it prints as proved has passed `check`.
set -u

self=$(readlink -f "${BASH_SOURCE[0]}")
bin=${self%/*} # the programs are beside it

declare -A about=() broker=() # of each scenario, by its name: one line; `any` or `real`, the Kafka that it needs
names=()
needs_kafka=3 # the exit status

scenario() { # NAME any|real "ONE LINE": declares it; its function is called as it, with _ for -
    names+=("$1")
    broker[$1]=$2
    about[$1]=$3
}

# --- what is said ------------------------------------------------------------------------------------------------------

bold='' dim='' green='' red='' plain=''
if [[ -t 1 && ! ${NO_COLOR-} ]]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

say() { printf '%s\n' "$*"; }
watch_for() { printf '%s\n' "${bold}Watch:${plain} $*"; }
step() { printf '\n%s\n' "${bold}$*${plain}"; }
indent() { sed "s/^/    /"; }

give_up() { # MESSAGE: the scenario ends with 1, and prints the last lines of the supervisor
    printf '%s\n' "${red}✘ $*${plain}"
    if [[ -s ${folder-}/log ]]; then
        say "  The last lines of ksupervise:"
        tail -n 8 "$folder/log" | indent
    fi
    exit 1
}

check() { # "WHAT WAS PROVED" VALUE OPERATOR WANTED: OPERATOR is one of [[ ]]: -eq -gt -le = …
    local holds=1
    case $3 in
    -eq | -ne | -lt | -le | -gt | -ge) # nothing at all must not pass for 0
        [[ $2 =~ ^-?[0-9]+$ && $4 =~ ^-?[0-9]+$ ]] && test "$2" "$3" "$4" || holds=0 ;;
    *) test "$2" "$3" "$4" || holds=0 ;;
    esac
    ((holds)) || give_up "not so: $1 (it is '$2'; wanted: $3 $4)"
    printf '%s\n' "  ${green}✔${plain} $1"
}

show() { # 'PATTERN' PROGRAM ARGUMENT…: runs it in sight; of its output, the lines that the pattern finds something in ('' for all)
    local pattern=$1 program=$2 status
    shift 2
    printf '  %s\n' "${dim}\$ $program $*${plain}"
    "$bin/$program" "$@" >"$folder/shown" 2>&1
    status=$?
    grep -E -- "$pattern" "$folder/shown" | indent
    return $status
}

# --- waiting ------------------------------------------------------------------------------------------------------------

wait_for() { # SECONDS "WHAT" COMMAND…: until it succeeds
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        ((SECONDS < deadline)) || give_up "$what: not in time"
        sleep 0.05
    done
}

has_said() { tail -n +"$1" "$folder/log" | grep -Eqm1 -- "$2"; }

said() { # 'PATTERN': waits until ksupervise says a line like it, since the last `mark`, and shows that line; it is in $line then
    wait_for 40 "a line like '$1'" has_said "$marked" "$1"
    line=$(tail -n +"$marked" "$folder/log" | grep -Em1 -- "$1")
    printf '    %s\n' "$line"
}

mark() { marked=$(($(wc -l <"$folder/log") + 1)); }

# --- Kafka --------------------------------------------------------------------------------------------------------------

own_broker() { # the embedded one, in memory, for this scenario alone
    "$bin/kbroker" --topic "$topic:$1" --topic "$topic.dlq:$1" >"$folder/broker" 2>&1 &
    wait_for 10 "the embedded broker" grep -q '^embedded broker at' "$folder/broker"
    KAFKA_BOOTSTRAP=$(sed -n 's/^embedded broker at //p' "$folder/broker")
    export KAFKA_BOOTSTRAP
    session=4s # it has no static membership: a killed member is noticed after a session
    say "No real Kafka is configured: this runs on the embedded broker ('make kafka' starts a real one)."
}

use_topic() { # PARTITIONS: finds a Kafka, or brings one, and makes $topic there
    if "$bin/ktopic" groups >/dev/null 2>"$folder/why"; then
        "$bin/ktopic" provision --partitions "$1" "$topic" >"$folder/why" 2>&1 || give_up "$(<"$folder/why")"
        topic_stays=1
    elif ! grep -Eq 'no broker is configured|embedded broker' "$folder/why"; then
        give_up "$(<"$folder/why")"
    elif [[ ${broker[$name]} == real ]]; then
        say "${bold}This one needs a real Kafka: make kafka${plain}"
        exit "$needs_kafka"
    else
        own_broker "$1"
    fi
}

produce() { # COUNT ARGUMENT…: made records, as fast as it goes
    local count=$1
    shift
    show '' kproduce --topic "$topic" --count "$count" --rate 0 --quiet --publish=no "$@" || give_up "kproduce failed"
}

produce_of() { # USER: one payment of that user
    show '' kproduce --topic "$topic" --user "$1" --amount 6.66 --currency EUR --method blik --publish=no || give_up "kproduce failed"
}

audit() { # ARGUMENT…: kaudit, in sight; its columns are there for `audited` then. Its status is not judged: the scenario does
    show '' kaudit "$topic" "$@"
    cp "$folder/shown" "$folder/audit"
}

audited() { # COLUMN: the sum over the partitions
    awk -v name="$1" '{ sub("IN SINK", "IN_SINK") } $1 == "PARTITION" { for (i = 2; i <= NF; i++) if ($i == name) column = i; next }
        column && $1 ~ /^[0-9]+$/ { sum += $column; rows++; next } END { if (rows) print sum }' "$folder/audit"
}

committed_is() { # GROUP COUNT: the sum of the committed offsets, asked of the broker
    "$bin/kaudit" "$topic" --group "$1" >"$folder/audit" 2>&1
    [[ $(audited COMMITTED) == "$2" ]]
}

# --- the supervisor and its workers ----------------------------------------------------------------------------------------

supervise() { # ARGUMENT…: starts ksupervise, and waits until all are ready
    printf '  %s\n' "${dim}\$ ksupervise -i $instance --topic $topic $*${plain}"
    : >"$folder/log"
    marked=1
    "$bin/ksupervise" -i "$instance" --topic "$topic" ${session:+--session-timeout "$session"} "$@" >>"$folder/log" 2>&1 &
    supervisor=$!
    said ' ready: '
}

ctl() { show '' kctl -i "$instance" "$@" || give_up "kctl $1 failed"; }

shut_down() {
    ctl shutdown
    wait "$supervisor" || give_up "ksupervise ended with $?"
}

values() { # WORKER VALUE: as kstat has it, a line each where there are several
    "$bin/kstat" -i "$instance" --json=1 "$1" 2>/dev/null | sed -n "s/^ *\"$2\": \([^,]*\),\{0,1\}\$/\1/p"
}

sum() { values "$1" "$2" | awk '{ sum += $1 } END { print sum + 0 }'; } # over the partitions, or of one value

sum_is() { [[ $(sum "$1" "$2") -eq $3 ]]; }
sum_over() { [[ $(sum "$1" "$2") -gt $3 ]]; }

pid_of() { "$bin/kstat" -i "$instance" --pid "$1" 2>/dev/null; }

kill_it() { # WORKER: as a crash would
    local pid
    pid=$(pid_of "$1") && [[ $pid =~ ^[1-9][0-9]*$ ]] || give_up "$1 has no process"
    mark
    printf '  %s\n' "${dim}\$ kill -9 \$(kstat -i $instance --pid $1)${plain}"
    kill -KILL "$pid"
}

# --- the beginning and the end of a scenario ---------------------------------------------------------------------------------

cleanup() {
    trap '' INT TERM HUP PIPE
    local pids deadline=$((SECONDS + 15))
    pids=$(jobs -p)
    [[ $pids ]] && kill -TERM $pids 2>/dev/null
    while pids=$(jobs -rp) && [[ $pids ]]; do
        ((SECONDS < deadline)) || kill -KILL $pids 2>/dev/null
        sleep 0.05
    done
    rm -f /dev/shm/ksupervise."$UID.$instance" /dev/shm/ksupervise."$UID.$instance".*
    rm -rf "$folder"
}

begin() { # NAME: names and a folder for this run alone
    name=$1
    instance=tour-$(printf '%08x' "$SRANDOM")
    topic=$instance
    session=''
    topic_stays=''
    folder=$(mktemp -d "${TMPDIR:-/tmp}/ktour.XXXXXX") || exit 1
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
    trap 'exit 141' PIPE
    unset KSUPERVISE_INSTANCE KSUPERVISE_CONFIG GROUP_ID
    export XDG_RUNTIME_DIR=$folder
    ulimit -c 0 # some kill with signals that write core files
}

run_one() { # NAME
    local began=${EPOCHREALTIME//[!0-9]/} took
    begin "$1"
    printf '%s\n' "${bold}── $name ──${plain} ${about[$name]}"
    "scenario_${name//-/_}"
    took=$(((${EPOCHREALTIME//[!0-9]/} - began) / 100000))
    say
    say "Proved in $((took / 10)).$((took % 10)) s.${topic_stays:+ The topic $topic stays in Kafka, with the groups; all else is gone.}"
}
