"""Groups, days and devices: truths put in are found, chance is left alone."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ektp_biocheck.batch.needs import Limits, Need, need_of
from ektp_biocheck.batch.report.groups import group_by
from ektp_biocheck.batch.report.streaks import find_streaks
from ektp_biocheck.batch.report.trend import rate_trend, score_trend
from tests.report_runs import row

LIMITS = Limits("test 7", {"finger": 40})


def test_a_group_is_called_apart_only_when_it_is_not_chance():
    random = np.random.default_rng(1)
    false_alarms = 0
    for _ in range(60):
        rows = [
            row(f"{n}.png", score=30 if random.random() < 0.1 else 70, station=str(n % 10))
            for n in range(1000)
        ]
        needs = [need_of(one, LIMITS) for one in rows]
        false_alarms += any(group.apart for group in group_by(rows, needs, "station").ranked)
    assert false_alarms <= 6  # in 60 districts without any difference; 3 expected

    rows += [row(f"bad{n}.png", score=30 if n % 3 else 70, station="bad") for n in range(100)]
    needs = [need_of(one, LIMITS) for one in rows]
    worst = group_by(rows, needs, "station").ranked[0]
    assert (worst.name, worst.apart) == ("bad", 1)


def test_a_few_persons_with_many_captures_do_not_make_a_station_stand_apart():
    """Two sick hands at one station are 20 bad captures of 100, but of two persons in ten."""
    rows = [
        row(
            f"{s}-{p}-{f}.png",
            score=20 if (s, p) in ((0, 0), (0, 1), (4, 3)) else 70,
            station=str(s),
            person=f"{s}-{p}",
        )
        for s in range(10)
        for p in range(10)
        for f in range(10)
    ]
    needs = [need_of(one, LIMITS) for one in rows]

    assert not any(group.apart for group in group_by(rows, needs, "station").ranked)
    alone = [row(f"{n}.png", score=one.score, station=one.station) for n, one in enumerate(rows)]
    assert any(group.apart for group in group_by(alone, needs, "station").ranked)


def _days(rates, n=200, spread=0.0):
    random = np.random.default_rng(5)
    start, rows = datetime(2026, 11, 1, tzinfo=UTC), []
    for day, rate in enumerate(rates):
        rate = float(np.clip(rate + random.normal(0, spread), 0, 1))
        at = (start + timedelta(days=day)).isoformat()
        bad = round(rate * n) if spread else int(random.binomial(n, rate))
        rows += [
            row(f"{day}-{k}.png", score=30 if k < bad else 70, captured_at=at) for k in range(n)
        ]
    return rows, [need_of(one, LIMITS) for one in rows]


def test_a_bad_day_is_outside_the_limits_and_ordinary_days_are_inside():
    trend = rate_trend(*_days([0.1] * 9 + [0.3] + [0.1] * 10))
    assert [day.day for day in trend.days if day.outside] == ["2026-11-10"]
    assert trend.centre == pytest.approx(0.11, abs=0.02)


def test_days_that_differ_by_nature_widen_the_limits():
    calm, wild = rate_trend(*_days([0.2] * 20)), rate_trend(*_days([0.2] * 20, spread=0.08))
    assert calm.spread < 1.7 < 2 < wild.spread
    assert not any(day.outside for day in (*calm.days, *wild.days))


def test_eight_days_on_one_side_are_marked_though_each_is_inside():
    trend = rate_trend(*_days([0.12] * 8 + [0.08] * 8, n=1000, spread=1e-9))
    assert not any(day.outside for day in trend.days)
    assert sum(day.run for day in trend.days) >= 8


def test_few_days_and_small_days_set_no_limits():
    assert rate_trend(*_days([0.1] * 4)).centre is None
    assert rate_trend(*_days([0.1] * 9, n=29)).centre is None
    mixed = rate_trend(
        [row("a", captured_at="2026-11-01"), row("b"), row("c", captured_at="soon")],
        [Need.FINE] * 3,
    )
    assert (len(mixed.days), mixed.unknown) == (1, 2)
    assert score_trend([row("a")], "finger").unknown == 1


def _visits(flags, device, code="FP_GHOST_PLATEN", start=0):
    begin = datetime(2026, 11, 2, 8, tzinfo=UTC)
    return [
        row(
            f"{device}-{n}.png",
            device=device,
            person=f"{device}-{n}",
            captured_at=(begin + timedelta(minutes=7 * (n + start))).isoformat(),
            defects={code: 0.4} if flag else {},
        )
        for n, flag in enumerate(flags)
    ]


def test_a_dirty_glass_is_found_with_its_first_and_last_person():
    random = np.random.default_rng(2)
    rows = _visits([20 <= n < 32 for n in range(60)], "bad")
    for other in range(5):
        rows += _visits(random.random(60) < 0.03, f"fine-{other}")
    random.shuffle(rows)
    (found,) = find_streaks(rows)

    assert (found.device, found.code, found.longest) == ("bad", "FP_GHOST_PLATEN", 12)
    assert (found.persons, found.affected) == (60, 12)
    assert found.begins[11:16] == "10:20"
    assert found.ends[11:16] == "11:37"
    assert found.chance < 1e-6
    assert found.in_order < 1e-6


def test_chance_and_weather_and_the_persons_own_faults_are_no_suspects():
    random = np.random.default_rng(4)
    by_chance = [r for d in range(20) for r in _visits(random.random(60) < 0.1, f"d{d}")]
    assert find_streaks(by_chance) == []
    hot = [
        r for d in range(8) for r in _visits([10 <= n < 20 for n in range(60)], f"d{d}", "FP_WET")
    ]
    assert find_streaks(hot) == []
    dry = _visits([n < 20 for n in range(60)], "a", "FP_DRY") + _visits([False] * 60, "b")
    assert find_streaks(dry) == []


def test_many_devices_looked_at_do_not_make_chance_a_suspect():
    random = np.random.default_rng(9)
    districts = 12
    alarms = 0
    for _ in range(districts):
        rows = [r for d in range(80) for r in _visits(random.random(40) < 0.15, f"d{d}")]
        alarms += bool(find_streaks(rows))
    assert alarms <= 2


def test_one_device_alone_is_judged_by_the_order_of_its_persons():
    (found,) = find_streaks(_visits([n >= 30 for n in range(60)], "only"))
    assert (found.longest, found.elsewhere) == (30, None)
    assert find_streaks(_visits([n % 2 for n in range(60)], "only")) == []
