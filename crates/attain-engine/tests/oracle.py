"""The slow oracle: budgets over windows from samples, rows and goals, in integers, by the definition.

Reads one JSON document from standard input and answers with one. Shares nothing with the engine: no slices, no sums kept
over time; every question goes through everything that happened. Only the standard library.

With `--mutant reset|birth|edge|dst` it is wrong by one thing on purpose, to show that the comparison would notice.
"""

import json
import sys
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MUTANT = sys.argv[sys.argv.index("--mutant") + 1] if "--mutant" in sys.argv else None
FOREVER = 1 << 62
WHOLE = 1_000_000_000
HOUR = 3600


def slice_start(second):
    return second - second % 60


def midnight(day, zone):
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def window(kind, instant, zone):
    """Start, end, and where it closes."""
    end = slice_start(instant)
    if isinstance(kind, int):
        return slice_start(end - kind), end, end
    # The period of the last second before the end: a month is seen whole when it has ended.
    local = datetime.fromtimestamp(end - 1, zone)
    day = local.date()
    if kind == "week":
        first = day - timedelta(days=day.weekday())
        following = first + timedelta(days=7)
    else:
        months = {"month": 1, "quarter": 3, "year": 12}[kind]
        month = day.month - 1 - (day.month - 1) % months
        first = date(day.year, month + 1, 1)
        month += months
        following = date(day.year + month // 12, month % 12 + 1, 1)
    if MUTANT == "dst":
        offset = local.utcoffset() // timedelta(seconds=1)
        days = [(d - date(1970, 1, 1)).days * 86_400 - offset for d in (first, following)]
        return days[0], end, days[1]
    return midnight(first, zone), end, midnight(following, zone)


def known_at(time, received):
    """When something that happened at a time was known: late if it came after its slice."""
    if received is not None and received > slice_start(time) + 60:
        return received
    return time


def series_of(samples):
    """Series to its samples by time; the first of one instant stays, with its earliest arrival."""
    series = {}
    for source, name, segment, bad, time, value, created, received in samples:
        points = series.setdefault((source, name, segment, bad), {})
        known = known_at(time, received)
        if time in points:
            value, created, before = points[time]
            known = min(known, before)
        points[time] = (value, created, known)
    return {key: sorted(points.items()) for key, points in series.items()}


def events_of(history, series, known_until):
    """What had happened as far as it was known: (time, segment, bad, events), and births (time, segment, value)."""
    seen = {}
    for (source, *_), points in series.items():
        known = [time for time, (_, _, at) in points if at <= known_until]
        if known:
            seen[source] = min(seen.get(source, FOREVER), known[0])
    events, births = [], []
    for (source, _, segment, bad), points in series.items():
        last = None
        for time, (value, created, known) in points:
            if known > known_until:
                continue
            if last is None:
                earliest = seen[source]
                observed = earliest <= time if MUTANT == "birth" else earliest < time
                started = created is not None and time - HOUR <= created <= time
                if observed or started:
                    more = value
                else:
                    more = 0
                    births.append((time, segment, value))
            else:
                fell = value <= last[1] if MUTANT == "reset" else value < last[1]
                restarted = created is not None and last[0] < created <= time
                more = value if fell or restarted else value - last[1]
            if more:
                events.append((time, segment, bad, more))
            last = (time, value)
    taken = set()
    for position, segment, time, good, bad, received in history["rows"]:
        if position in taken:
            continue
        taken.add(position)
        late = received is not None and received > slice_start(time) + 60
        if (received if late else slice_start(time) + 60) <= known_until:
            events.append((time, segment, 0, good))
            events.append((time, segment, 1, bad))
    return events, births


def goal_at(terms, scope, time):
    """Parts per billion, or None where nothing was promised. Terms are newest first."""
    for since, goals in terms:
        if since <= time:
            return goals.get(scope)
    return None


def goals_inside(slo, events, start, end):
    """The events of a window, each with the goals of its time, and all goals that held in it."""
    terms = slo["terms"]
    cuts = sorted({start} | {since for since, _ in terms if start < since < end})
    held = [next((goals for since, goals in terms if since <= cut), {}) for cut in cuts]
    if MUTANT == "edge":
        inside = [event for event in events if start < event[0] <= end]
    else:
        inside = [event for event in events if start <= event[0] < end]
    judged = []
    for time, segment, bad, count in inside:
        at = max(i for i, cut in enumerate(cuts) if cut <= time) if len(cuts) > 1 else 0
        judged.append((segment, bad, count, held[at]))
    return judged, held if start < end else []


def is_promised(goals):
    """Whether any segment was promised anything."""
    return any(goal is not None for name, goal in goals.items() if name != "all")


def judge(events, held, scope, pooled):
    """Good and bad within the promise (or at all, without one), and the budget: allowed in billionths, and spent."""
    promised, other, allowed = [0, 0], [0, 0], 0
    for segment, bad, count, goals in events:
        if scope != "all" and segment != scope:
            continue
        if pooled:
            target = goals.get(segment)
            if target is None and is_promised(goals):
                continue
        else:
            target = goals.get(scope)
        if target is None:
            other[bad] += count
        else:
            promised[bad] += count
            allowed += (WHOLE - target) * count
    any_promise = not pooled and any(goals.get(scope) is not None for goals in held)
    shown = promised if any_promise or sum(promised) else other
    return [shown[0], shown[1], str(allowed), promised[1]]


def left_out(terms, segment, time):
    """Whether a pool leaves this out: others were promised something then, and this segment was not."""
    goals = next((goals for since, goals in terms if since <= time), {})
    return goals.get(segment) is None and is_promised(goals)


def answer(history):
    zone = ZoneInfo(history["zone"])
    for slo in history["slos"]:
        slo["terms"] = [
            (-FOREVER if since is None else midnight(date.fromisoformat(since), zone), goals)
            for since, goals in slo["terms"]
        ]
    series = series_of(history["samples"])
    everything = events_of(history, series, FOREVER)
    answers = []
    for instant, known_until in history["queries"]:
        if known_until is None:
            events, births = everything
        else:
            events, births = events_of(history, series, known_until)
        found = []
        for slo in history["slos"]:
            start, end, closes = window(slo["window"], instant, zone)
            inside, held = goals_inside(slo, events, start, end)
            has_all = goal_at(slo["terms"], "all", instant) is not None
            for scope in ["premium", "standard", "free", "all"]:
                pooled = scope == "all" and not has_all
                unknown = sum(
                    value
                    for time, segment, value in births
                    if start <= time < end and scope in ("all", segment)
                    and not (pooled and left_out(slo["terms"], segment, time))
                )
                judged = judge(inside, held, scope, pooled)
                found.append([start, end, closes] + judged + [unknown])
        answers.append(found)
    return answers


def main():
    histories = json.load(sys.stdin)
    json.dump([answer(history) for history in histories], sys.stdout)


main()
