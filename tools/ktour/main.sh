# shellcheck shell=bash
# The command line.

usage() {
    cat <<'END'
Usage: ktour [OPTION]… NAME… | all
Shows how Kafka behaves, and what ksupervise does about it: starts a small fleet of its own, does something to it, prints what to
watch, and checks what it says. Runs on the configured Kafka, with topics and groups of its own names; most can also run on an
embedded broker that is there for them alone.

      --list                the scenarios, and which need a real Kafka
  -b, --bootstrap HOST:PORT
                            brokers to ask first; otherwise KAFKA_BOOTSTRAP, KAFKA_HOST_IP, .env, or
                            what 'make kafka' started, or an embedded one

  -h, --help                show this and exit
      --version             show the version and exit

Examples:
  ktour --list
  ktour restart-resumes
  ktour all

Exit codes: 0 all that was to be proved holds; 1 it does not, or it could not be tried; 2 usage; 3 it needs a real Kafka, and none is
configured (among several it is passed over, and named); 130 ended by Ctrl-C.
END
}

wrong() { printf 'ktour: %s\n' "$*" >&2; say "Try 'ktour --help'." >&2; exit 2; }

list() {
    local name
    for name in "${names[@]}"; do
        printf '  %-16s %s%s\n' "$name" "${about[$name]}" "$([[ ${broker[$name]} == real ]] && printf ' (real Kafka)')"
    done
}

complete() { # WORD…: what could be the last of them; tools/completion
    local name
    for name in "${names[@]}" all --list --bootstrap --help --version; do
        [[ $name == "${*: -1}"* && ($name != -* || ${*: -1} == -*) ]] && printf '%s\t%s\n' "$name" "${about[$name]-}"
    done
}

run_all() { # NAME…: each in a process of its own; goes on after one that fails
    local one status failed=() untried=()
    for one in "$@"; do
        "$self" "$one"
        status=$?
        ((status < 128)) || exit "$status"
        case $status in
        0) ;;
        "$needs_kafka") untried+=("$one") ;;
        *) failed+=("$one") ;;
        esac
        say
    done
    say "$(($# - ${#failed[@]} - ${#untried[@]})) of $# hold${failed:+; not: ${failed[*]}}${untried:+; need a real Kafka (make kafka): ${untried[*]}}"
    ((${#failed[@]} == 0))
}

wanted=()
while (($#)); do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --version) "$bin/kctl" --version | sed 's/^kctl/ktour/'; exit 0 ;;
    --list) list; exit 0 ;;
    --complete) shift; complete "$@"; exit 0 ;;
    -b | --bootstrap) (($# > 1)) || wrong "$1: an address is missing"; export KAFKA_BOOTSTRAP=$2; shift ;;
    --bootstrap=*) export KAFKA_BOOTSTRAP=${1#*=} ;;
    -*) wrong "unknown option '$1'" ;;
    all) wanted+=("${names[@]}") ;;
    *) [[ ${about[$1]-} ]] || wrong "there is no scenario '$1': 'ktour --list' has them"; wanted+=("$1") ;;
    esac
    shift
done
case ${#wanted[@]} in
0) wrong "which scenario? 'ktour --list' has them" ;;
1) run_one "${wanted[0]}" ;;
*) run_all "${wanted[@]}" ;;
esac
