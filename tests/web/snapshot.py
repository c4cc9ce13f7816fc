"""The invented fleet as the page is told of it: the snapshot and the history of tools/kweb/README.md."""

from fleet import now_us


def why(worker, lag, waiting):
    if worker.state != "ready":
        return f"it is {worker.state}; kctl start {worker.name} starts it"
    if worker.paused:
        return f"it is paused, by kctl pause; kctl resume {worker.name} continues it"
    if waiting:
        return f"{waiting} records wait to be acknowledged: kctl ack {worker.name} 0:OFFSET"
    return f"nothing blocks it: it is polling, with {lag} records to go" if lag else "nothing blocks it: it is polling, and has caught up"


def partition_of(fleet, worker, partition):
    group = worker.group
    end, committed = len(fleet.logs[group.topic][partition]), group.committed[partition]
    lag = end - committed
    row = {"topic": group.topic, "partition": partition, "assigned": True, "position": group.position[partition], "committed": committed, "low": 0, "high": end,
           "lag": lag, "behind_us": lag * 40000, "behind_at_least": False}
    if group.manual:
        bits = "".join("1" if offset in group.ahead[partition] else "0" for offset in range(committed, group.position[partition]))
        row.update(unacknowledged=group.unacknowledged(partition), acknowledged_ahead=len(group.ahead[partition]), ahead=bits)
    return row


def consumer(fleet, worker):
    partitions = [partition_of(fleet, worker, p) for p in worker.assigned]
    alive, lag = worker.pid is not None, sum(p["lag"] for p in partitions)
    known = bool(partitions) or worker.state == "ready"
    return {"lag": lag if known else None, "lag_at_least": not alive, "behind_us": max((p["behind_us"] for p in partitions), default=0) if known else None,
            "behind_at_least": not alive, "p50_us": worker.p99_us // 4, "p99_us": worker.p99_us, "partitions": partitions,
            "why": why(worker, lag, sum(p.get("unacknowledged", 0) for p in partitions))}


def producer(fleet, worker):
    logs = fleet.logs[fleet.topic]
    rows = [{"topic": fleet.topic, "partition": p, "acknowledged_offset": len(log) - 1} for p, log in enumerate(logs) if log]
    return {"lag": None, "lag_at_least": False, "behind_us": None, "behind_at_least": False, "p50_us": 900, "p99_us": 4000, "partitions": rows,
            "why": "nothing blocks it: it is producing, as its pace says"}


def worker_row(fleet, worker):
    row = {"name": worker.name, "client": worker.client, "kind": worker.kind, "group": worker.group.name if worker.group else None, "state": worker.state,
           "state_since_us": worker.since_us, "phase": worker.phase, "phase_since_us": worker.since_us, "pid": worker.pid, "generation": worker.generation,
           "restarts": worker.restarts, "reason": worker.reason, "retired": worker.retired, "counters": dict(worker.counters),
           "per_second": round(worker.per_second if worker.group else fleet.rate, 2)}
    row.update(consumer(fleet, worker) if worker.group else producer(fleet, worker))
    return row


def snapshot(fleet):
    with fleet.changed:
        return {"time_us": now_us(), "instance": "demo", "bootstrap": "127.0.0.1:9092", "read_only": fleet.read_only, "newest": fleet.sequence,
                "supervisor": {"pid": 4710, "alive": True, "stopped": False, "started_us": fleet.started_us},
                "workers": [worker_row(fleet, w) for w in fleet.workers if not w.retired]}


def sample(shot):
    return [shot["time_us"], [[w["per_second"], w["lag"], w["behind_us"], w["p99_us"]] for w in shot["workers"]]]


def history(fleet, seconds=120):
    """As if it had always been as it is now, a little unsteady."""
    shot = snapshot(fleet)
    samples = []
    for ago in range(seconds, 0, -1):
        rows = [[(w["per_second"] or 0) + fleet.random.random(), w["lag"], w["behind_us"], w["p99_us"] and w["p99_us"] + fleet.random.randint(0, 300)] for w in shot["workers"]]
        samples.append([shot["time_us"] - ago * 1000000, rows])
    return {"interval_s": 1, "workers": [w["name"] for w in shot["workers"]], "samples": samples}
