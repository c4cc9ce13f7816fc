# lib.sh: what start, stop and broker share. Sourced by bash; defines functions and these names:
#
#   KAFKA_DIR       where this cluster lives (default build/kafka); one folder is one cluster, any number may run side by side
#   kafka_dist      the jars, the class archive and the formatted storage, made once and used by all clusters
#
# A cluster's folder: bootstrap (its address, there while it runs), cluster-id, lock, and per broker
# broker-N/{pid,ports,server.properties,log,data/}. A pid file holds pid and start time (field 22 of /proc/PID/stat):
# a pid alone may be somebody else by now.

kafka_version=4.3.0
kafka_source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kafka_root=$(cd "$kafka_source/../.." && pwd)
kafka_dist=$kafka_root/build/kafka-$kafka_version
KAFKA_DIR=$(realpath -m "${KAFKA_DIR:-$kafka_root/build/kafka}")

kafka_start_seconds=60 # a broker that takes longer will not come
kafka_stop_seconds=15  # then SIGKILL

say() { printf '%s\n' "$*"; }
die() { printf 'kafka: %s\n' "$*" >&2; exit 1; }

# Runs one at a time per folder; the lock goes with the process. Brokers must not inherit descriptor 9: they would hold it for life.
take_lock() {
    mkdir -p "$1" && exec 9>"$1/lock" || die "cannot write in $1"
    flock -w "$2" 9 || die "another start or stop has been busy in $1 for $2 s"
}

# --- processes ---------------------------------------------------------------------------------------------------------

start_ticks() { # PID: nothing when there is no such process
    local stat=
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    set -- ${stat##*) } # the name before it may hold spaces and parentheses
    [[ $1 != Z ]] && printf '%s' "${20}"
}

broker_pid() { # N: prints the pid of the running broker; fails when it does not run
    local pid ticks
    { read -r pid ticks <"$KAFKA_DIR/broker-$1/pid"; } 2>/dev/null || return 1
    [[ $pid && $ticks == "$(start_ticks "$pid")" ]] && printf '%s' "$pid"
}

brokers_known() { # prints the numbers of the brokers that this cluster consists of
    local folder
    for folder in "$KAFKA_DIR"/broker-*/; do
        [[ -d $folder ]] && folder=${folder%/} && printf '%s\n' "${folder##*-}"
    done
}

brokers_running() {
    local n
    for n in $(brokers_known); do
        broker_pid "$n" >/dev/null && printf '%s\n' "$n"
    done
}

# Ends a broker: SIGTERM, then SIGKILL when it does not go. Several are asked at once and then waited for: see cluster_stop.
broker_end() { # N SIGNAL
    local pid
    pid=$(broker_pid "$1") && kill "-$2" "$pid" 2>/dev/null
}

broker_await_end() { # N: returns 1 when SIGKILL was needed
    local deadline=$((SECONDS + kafka_stop_seconds)) forced=0
    while broker_pid "$1" >/dev/null; do
        if ((SECONDS >= deadline)); then
            broker_end "$1" KILL
            forced=1
        fi
        sleep 0.03
    done
    rm -f "$KAFKA_DIR/broker-$1/pid"
    return $forced
}

# --- ports -------------------------------------------------------------------------------------------------------------

# Below the range that outgoing connections are given ports from (32768 up): nothing takes a stopped broker's port by chance.
port_low=15000
port_count=17000

port_listening() { # PORT
    local hex
    printf -v hex ':%04X' "$1"
    grep -qs "^ *[0-9]*: [0-9A-F]*$hex [0-9A-F:]* 0A " /proc/net/tcp /proc/net/tcp6
}

free_port() { # prints one that nothing listens on and that is not among the arguments
    local port tries
    for ((tries = 0; tries < 100; tries++)); do
        port=$((port_low + SRANDOM % port_count))
        [[ " $* " == *" $port "* ]] || port_listening "$port" || { printf '%s' "$port"; return 0; }
    done
    return 1
}

# --- the distribution: jars, storage, class archive ---------------------------------------------------------------------

java_major() {
    local version
    version=$(java -version 2>&1) || return 1
    [[ $version =~ \"([0-9]+) ]] && printf '%s' "${BASH_REMATCH[1]}"
}

class_path() { # listed one by one: the class archive is only valid for the very list that it was made with
    local jars=("$kafka_dist"/jars/*.jar) IFS=:
    printf '%s' "${jars[*]}"
}

# Small and quick to start; 900,000 records/s go through it all the same.
java_flags=(-Xmx"${KAFKA_HEAP:-160m}" -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData
    -Djava.awt.headless=true -Djava.net.preferIPv4Stack=true
    -Dlog4j2.configurationFile="$kafka_source/log4j2.properties" -Dlog4j2.disableJmx=true)

# The archive belongs to one Java: another one ignores it, so each gets its own.
archive_file() {
    local java
    java=$(readlink -f "$(command -v java)")
    printf '%s/classes-%s.jsa' "$kafka_dist" "$(stat -Lc '%n %Y' "${java%/bin/java}/lib/modules" 2>/dev/null | cksum | cut -d' ' -f1)"
}

fetch_jars() {
    [[ -d $kafka_dist/jars ]] && return
    command -v mvn >/dev/null || die "maven is missing: tools/setup kafka installs it"
    say "fetching Apache Kafka $kafka_version by Maven (once) …"
    rm -rf "$kafka_dist/jars.new"
    mvn -q -B -f "$kafka_source/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$kafka_dist/jars.new" >"$kafka_dist/maven.log" 2>&1 </dev/null ||
        { tail -n 15 "$kafka_dist/maven.log" >&2; die "Maven could not fetch Kafka; its output is in $kafka_dist/maven.log"; }
    mv "$kafka_dist/jars.new" "$kafka_dist/jars"
}

# The formatted storage of a new broker does not depend on its cluster or number but for meta.properties, so it is formatted
# once and copied: Kafka's StorageTool is a Java process of 1 s for every broker.
format_template() {
    [[ -d $kafka_dist/storage ]] && return
    local work=$kafka_dist/storage.new
    rm -rf "$work" && mkdir -p "$work"
    printf '%s\n' process.roles=broker,controller node.id=1 controller.quorum.voters=1@127.0.0.1:1 controller.listener.names=CONTROLLER \
        listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1 log.dirs="$work/data" >"$work/server.properties"
    java "${java_flags[@]}" -cp "$(class_path)" kafka.tools.StorageTool format -t "$(random_id)" -c "$work/server.properties" \
        >"$work/log" 2>&1 || { cat "$work/log" >&2; die "Kafka's StorageTool failed"; }
    mv "$work/data" "$kafka_dist/storage"
    rm -rf "$work"
}

# A broker that is started and stopped once leaves an archive of its loaded classes (AppCDS): 1.2 s to start instead of 2.
make_archive() {
    local archive
    archive=$(archive_file)
    [[ -s $archive || -e $archive.failed ]] && return
    say "recording Kafka's classes so that brokers start faster (once) …"
    (
        KAFKA_DIR=$kafka_dist/training
        rm -rf "$KAFKA_DIR"
        java_flags+=(-XX:ArchiveClassesAtExit="$archive.new")
        kafka_stop_seconds=60
        unset KAFKA_PORT KAFKA_SETTINGS KAFKA_PROPERTIES
        cluster_create 1 && choose_ports && cluster_start && cluster_stop
    ) >"$kafka_dist/training.log" 2>&1
    rm -rf "$kafka_dist/training"
    if [[ -s $archive.new ]]; then
        mv "$archive.new" "$archive"
    else # an archive is only for speed
        touch "$archive.failed"
        say "that did not work: brokers will start more slowly (see $kafka_dist/training.log)" >&2
    fi
}

distribution() {
    local java
    java=$(java_major) || die "Java is missing: tools/setup kafka installs it"
    ((java >= 17)) || die "Kafka needs Java 17 or newer, and this is $java: tools/setup kafka installs it"
    (
        take_lock "$kafka_dist" 300
        fetch_jars
        format_template
        make_archive
    )
}

# --- a cluster ---------------------------------------------------------------------------------------------------------

random_id() { # Kafka's form: 16 bytes in URL-safe base64, not starting with a dash
    local id
    id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_')
    printf 'k%s' "${id:1:21}"
}

cluster_create() { # COUNT: the folders of a new cluster
    local n
    mkdir -p "$KAFKA_DIR"
    random_id >"$KAFKA_DIR/cluster-id"
    for ((n = 1; n <= $1; n++)); do
        mkdir -p "$KAFKA_DIR/broker-$n"
        cp -r "$kafka_dist/storage" "$KAFKA_DIR/broker-$n/data"
        printf '%s\n' version=1 "cluster.id=$(<"$KAFKA_DIR/cluster-id")" "node.id=$n" "directory.id=$(random_id)" \
            >"$KAFKA_DIR/broker-$n/data/meta.properties"
    done
}

# Gives every broker a port for clients and one for the controllers, those of the last time where they are free.
choose_ports() {
    local n client controller taken=()
    for n in $(brokers_known); do
        { read -r client controller <"$KAFKA_DIR/broker-$n/ports"; } 2>/dev/null || client='' controller=''
        [[ ${KAFKA_PORT-} ]] && client=$((KAFKA_PORT + n - 1))
        if [[ ${KAFKA_PORT-} ]] && port_listening "$client"; then
            die "port $client is in use (KAFKA_PORT=$KAFKA_PORT): name another one, or none for a free one"
        fi
        { [[ $client ]] && ! port_listening "$client"; } || client=$(free_port "${taken[@]}")
        { [[ $controller ]] && ! port_listening "$controller"; } || controller=$(free_port "${taken[@]}" "$client")
        taken+=("$client" "$controller")
        say "$client $controller" >"$KAFKA_DIR/broker-$n/ports"
    done
}

bootstrap_address() {
    local n client rest address=
    for n in $(brokers_known); do
        read -r client rest <"$KAFKA_DIR/broker-$n/ports"
        address+=${address:+,}127.0.0.1:$client
    done
    printf '%s' "$address"
}

quorum_voters() {
    local n client controller voters=
    for n in $(brokers_known); do
        read -r client controller <"$KAFKA_DIR/broker-$n/ports"
        voters+=${voters:+,}$n@127.0.0.1:$controller
    done
    printf '%s' "$voters"
}

write_properties() { # N
    local count replicas in_sync client controller setting
    count=$(brokers_known | wc -l)
    replicas=$((count < 3 ? count : 3))
    in_sync=$((replicas < 3 ? 1 : 2))
    read -r client controller <"$KAFKA_DIR/broker-$1/ports"
    sed -e "s|@NODE@|$1|; s|@CLIENT@|$client|; s|@CONTROLLER@|$controller|; s|@VOTERS@|$(quorum_voters)|" \
        -e "s|@DATA@|$KAFKA_DIR/broker-$1/data|; s|@REPLICAS@|$replicas|; s|@IN_SYNC@|$in_sync|" \
        "$kafka_source/server.properties" >"$KAFKA_DIR/broker-$1/server.properties"
    for setting in ${KAFKA_SETTINGS-}; do
        say "$setting" >>"$KAFKA_DIR/broker-$1/server.properties"
    done
    [[ ${KAFKA_PROPERTIES-} ]] || return 0
    sed -e "s|@NODE@|$1|g; s|@CLIENT@|$client|g; s|@CONTROLLER@|$controller|g" "$KAFKA_PROPERTIES" >>"$KAFKA_DIR/broker-$1/server.properties" ||
        die "KAFKA_PROPERTIES: cannot read $KAFKA_PROPERTIES"
}

broker_launch() { # N: in a session of its own, so that a terminal's Ctrl-C is not for it
    local folder=$KAFKA_DIR/broker-$1 archive
    archive=$(archive_file)
    local flags=("${java_flags[@]}")
    [[ -s $archive && ! ${KAFKA_NO_ARCHIVE-} ]] && flags+=(-XX:SharedArchiveFile="$archive" -Xshare:auto -Xlog:disable)
    : >"$folder/log"
    setsid java "${flags[@]}" -cp "$(class_path)" kafka.Kafka "$folder/server.properties" \
        >>"$folder/log" 2>&1 </dev/null 9>&- &
    local pid=$! # setsid executes in place: a job of a script leads no process group
    disown "$pid"
    say "$pid $(start_ticks "$pid")" >"$folder/pid"
}

broker_await_ready() { # N
    local folder=$KAFKA_DIR/broker-$1 deadline=$((SECONDS + kafka_start_seconds))
    until grep -qs 'Kafka Server started' "$folder/log"; do
        if ! broker_pid "$1" >/dev/null || ((SECONDS >= deadline)); then
            tail -n 20 "$folder/log" >&2
            return 1
        fi
        sleep 0.03
    done
}

cluster_start() { # starts what does not run, and waits until every broker has been admitted to the cluster
    local n started=()
    for n in $(brokers_known); do
        broker_pid "$n" >/dev/null && continue
        write_properties "$n"
        broker_launch "$n"
        started+=("$n")
    done
    for n in "${started[@]}"; do
        broker_await_ready "$n" || return 1
    done
}

cluster_stop() { # [SIGNAL]: returns 1 when a broker had to be killed
    local n forced=0
    rm -f "$KAFKA_DIR/bootstrap"
    for n in $(brokers_known); do
        broker_end "$n" "${1:-TERM}"
    done
    for n in $(brokers_known); do
        broker_await_end "$n" || forced=1
    done
    return $forced
}
