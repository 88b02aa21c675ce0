//! Every vector of `testdata/vectors.json`, by id: what we compute against 50 digits of somebody else's arithmetic.
//! And months of low traffic: few in the small size, 400 with `ATTAIN_SOAK`.
#![allow(clippy::disallowed_methods)] // A test may read from its environment how large it should be.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use attain_math::allocate;
use attain_math::budget::{self, Budget, NoTraffic, SliceCount};
use attain_math::burn::{self, WORKBOOK_TIERS};
use attain_math::compose::{self, JointSlots};
use attain_math::edge::{self, Use};
use attain_math::fixed::Probability;
use attain_math::fraction::Fraction;
use attain_math::interval::{self, Interval, Z_95};
use attain_math::latency;
use attain_math::lowtraffic_trial::simulate;
use attain_math::masking::{self, Counts};
use attain_math::sequential::{BURNS, Cusum, Sequential};
use attain_math::sketch::{self, ClassicHistogram, DdMapping};
use attain_math::warning::{self, Event, Rule};
use serde_json::{Value, json};

static VECTORS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let text = include_str!("../testdata/vectors.json");
    let file: Value = serde_json::from_str(text).expect("testdata/vectors.json is JSON");
    file["vectors"]
        .as_array()
        .expect("a list of vectors")
        .clone()
});

/// One test per vector: a name, its id, and what we make of its input. The result has the shape of `expect`.
macro_rules! vectors {
    ($($name:ident, $id:literal, $ours:expr;)*) => {
        const TESTED: &[&str] = &[$($id),*];
        $(
            #[test]
            fn $name() {
                let vector = VECTORS.iter().find(|v| v["id"] == $id).unwrap_or_else(|| panic!("no vector {}", $id));
                let ours: fn(&Value) -> Value = $ours;
                let tolerance = vector["rel_tol"].as_f64().expect("a tolerance");
                same($id, &ours(&vector["input"]), &vector["expect"], tolerance);
            }
        )*
    };
}

vectors! {
    budget_occurrences_basic, "budget.occurrences.basic", occurrences;
    budget_occurrences_overspent, "budget.occurrences.overspent", occurrences;
    budget_decimal_target_edge, "budget.decimal_target_edge", occurrences;
    budget_timeslices_small, "budget.timeslices.small", timeslices_small;
    budget_timeslices_month, "budget.timeslices.month", |input| {
        let budget =
            Budget { bad: int(&input["bad_slices"]), total: int(&input["period_slices"]), target_ppb: ppb(&input["target"]) };
        json!({
            "sli": value(budget.sli()),
            "allowed_bad_slices": billionths(budget.allowed_bad_billionths()),
            "consumed": value(budget.consumed()),
        })
    };
    budget_exact_vs_mean_of_ratios, "budget.exact_vs_mean_of_ratios", |input| {
        let mut ours = exact_and_mean(input);
        ours["exact_consumed"] = value(whole(input).consumed());
        ours
    };
    budget_mean_of_ratios_hides_breach, "budget.mean_of_ratios_hides_breach", exact_and_mean;
    budget_minutes_allowed, "budget.minutes_allowed", |input| {
        let minutes = |v: &Value| json!(budget::minutes_allowed(int(v), ppb(&input["target"])).to_f64());
        map(&input["windows_minutes"], minutes)
    };
    budget_calendar_vs_rolling, "budget.calendar_vs_rolling", calendar_vs_rolling;
    budget_time_to_exhaustion_14_4, "budget.time_to_exhaustion.14.4_1.0", time_to_exhaustion;
    budget_time_to_exhaustion_6, "budget.time_to_exhaustion.6.0_0.4", time_to_exhaustion;
    budget_time_to_exhaustion_1, "budget.time_to_exhaustion.1.0_1.0", time_to_exhaustion;
    budget_spend_is_not_burn_times_time, "budget.spend_is_not_burn_times_time", |input| {
        let (bad, target) = (int(&input["hour_bad"]), ppb(&input["target"]));
        let burn = burn::burn_rate(bad, int(&input["hour_total"]), target).expect("a burn rate").to_f64();
        json!({
            "burn_1h": burn,
            "budget_spent_exact": value(budget::spent(bad, int(&input["window_total"]), target)),
            "budget_spent_if_uniform_traffic": budget::spent_if_uniform(burn, 1.0, 720.0),
        })
    };

    alert_burn_thresholds_by_window, "alert.burn_thresholds_by_window", |_| thresholds_by_window();
    alert_burn_cap, "alert.burn_cap", |_| burn_caps();
    alert_min_target_for_burn, "alert.min_target_for_burn", |input| {
        let burns = input["burns"].as_array().expect("burns").iter();
        burns.map(|b| (text(b).to_owned(), value(burn::min_target(millionths(b))))).collect()
    };
    alert_mwmb_999_e1, "alert.mwmb_1h_5m_14.4.T0.999.e1", detection;
    alert_mwmb_999_e015, "alert.mwmb_1h_5m_14.4.T0.999.e0.15", detection;
    alert_mwmb_999_e00144, "alert.mwmb_1h_5m_14.4.T0.999.e0.0144", detection;
    alert_mwmb_99_e1, "alert.mwmb_1h_5m_14.4.T0.99.e1", detection;
    alert_mwmb_9_e1, "alert.mwmb_1h_5m_14.4.T0.9.e1", detection;
    alert_mwmb_99_e015, "alert.mwmb_1h_5m_14.4.T0.99.e0.15", detection;
    alert_workbook_checks, "alert.workbook_checks", workbook_checks;
    alert_lowtraffic_exact_n10_k1, "alert.lowtraffic.exact.n10.k1.T0.9995", low_traffic_exact;
    alert_lowtraffic_exact_n200_k1, "alert.lowtraffic.exact.n200.k1.T0.9995", low_traffic_exact;
    alert_lowtraffic_exact_n200_k2, "alert.lowtraffic.exact.n200.k2.T0.9995", low_traffic_exact;
    alert_lowtraffic_exact_n200_k4, "alert.lowtraffic.exact.n200.k4.T0.9995", low_traffic_exact;
    alert_lowtraffic_exact_n1000_k3, "alert.lowtraffic.exact.n1000.k3.T0.999", low_traffic_exact;
    alert_lowtraffic_exact_n50_k3, "alert.lowtraffic.exact.n50.k3.T0.99", low_traffic_exact;
    alert_lowtraffic_min_requests, "alert.lowtraffic.min_requests", |_| json!({
        "T0.999_b14.4_k1": burn::min_requests(1, 14_400_000, 999_000_000),
        "T0.9995_b14.4_k1": burn::min_requests(1, 14_400_000, 999_500_000),
        "T0.99_b14.4_k1": burn::min_requests(1, 14_400_000, 990_000_000),
        "T0.9995_b14.4_k3": burn::min_requests(3, 14_400_000, 999_500_000),
    });
    alert_lowtraffic_mixture_sr, "alert.lowtraffic.mixture_sr", mixture_sr;
    alert_lowtraffic_bernoulli_cusum, "alert.lowtraffic.bernoulli_cusum", bernoulli_cusum;

    cascade_series_three_9995, "cascade.series.three_9995", |input| {
        let parts = decimals(&input["series"]);
        let costs = parts_cost(&input["series"]);
        let mut ours = series(&parts);
        ours["linear_approx"] = json!(f64::from(edge::carried_ppb(costs)) / 1e9);
        ours
    };
    cascade_series_mixed, "cascade.series.mixed", |input| series(&decimals(&input["series"]));
    cascade_parallel_two_99, "cascade.parallel.two_99", |input| {
        let both = compose::redundant(&decimals(&input["parallel"]));
        json!({"independent": both.independent, "frechet_low": both.low, "frechet_high": both.high})
    };
    cascade_quorum_2of3, "cascade.quorum.2of3", quorum_of_equals;
    cascade_quorum_3of5, "cascade.quorum.3of5", quorum_of_equals;
    cascade_quorum_heterogeneous, "cascade.quorum.2of3_heterogeneous", |input| {
        json!({"availability": compose::quorum(&decimals(&input["a"]), int(&input["k"]) as usize)})
    };
    cascade_retry_independent, "cascade.retry.independent", retry;
    cascade_retry_correlated, "cascade.retry.correlated", retry;
    cascade_fallback, "cascade.fallback", |input| {
        let (primary, covers, fallback) = (&input["primary"], &input["fallback_coverage"], &input["fallback"]);
        let ours = compose::with_fallback(decimal(primary), decimal(covers), decimal(fallback));
        let failure = Probability::from_ppb(ppb(primary)).complement();
        let exact = edge::carried_ppb(edge::after_fallback(failure, ppb(covers), ppb(fallback)));
        assert_eq!(f64::from(exact) / 1e9, ours, "fixed and float agree");
        json!({"availability": ours})
    };
    cascade_frequency, "cascade.frequency", |input| {
        let linear = 1.0 - decimal(&input["share_of_requests"])
            * int(&input["calls_per_request"]) as f64 * (1.0 - decimal(&input["dep"]));
        json!({"availability": edge_availability(input), "linear": linear})
    };
    cascade_soft_dependency, "cascade.soft_dependency", |input| json!({"availability": edge_availability(input)});
    cascade_shared_dependency, "cascade.shared_dependency", shared_dependency;
    cascade_measured_joint, "cascade.measured_joint", |input| {
        let joint = measured_joint(&input["minutes"]);
        let series = compose::series(&[joint.first, joint.second]);
        json!({
            "avail_a": joint.first, "avail_b": joint.second, "series_measured": joint.series,
            "series_independent": series.independent, "series_frechet_low": series.low,
            "series_frechet_high": series.high, "phi": joint.phi, "down_overlap_share": joint.down_overlap,
        })
    };
    cascade_parallel_measured, "cascade.parallel_measured", |input| {
        let joint = measured_joint(&input["minutes"]);
        let independent = compose::redundant(&[joint.first, joint.second]).independent;
        json!({"parallel_measured": joint.redundant, "parallel_independent": independent})
    };
    cascade_tighter_inside, "cascade.tighter_inside.infeasible_by_compounding", |input| {
        let (target, chain) = (&input["customer_target"], compose::series(&decimals(&input["internal"])).independent);
        json!({
            "chain": chain,
            "supports": edge::carried_ppb(parts_cost(&input["internal"])) >= ppb(target),
            "shortfall": decimal(target) - chain,
            "supported_customer_target_with_50pct_buffer": 1.0 - 2.0 * (1.0 - chain),
        })
    };
    cascade_extra_nine, "cascade.extra_nine", |input| {
        let (service, dependency) = (ppb(&input["service_target"]), ppb(&input["dep_target"]));
        let dependencies = int(&input["critical_deps"]);
        let each = edge::cost(Probability::from_ppb(dependency).complement(), Use::default());
        let used = (0..dependencies).fold(Probability::ZERO, |sum, _| sum.plus(each));
        let allowed = Probability::from_ppb(service).complement();
        let chain = compose::series(&vec![f64::from(dependency) / 1e9; dependencies as usize]).independent;
        json!({
            "deps_use_linear": used.to_f64(),
            "deps_use_share": used.to_f64() / allowed.to_f64(),
            "own_allowance_linear": allowed.minus(used).to_f64(),
            "own_min_availability_exact": f64::from(service) / 1e9 / chain,
        })
    };

    warning_events, "warning.events", early_warning;
    cascade_latency_exp_sum, "cascade.latency.exp_sum", |input| {
        let q = decimal(&input["q"]);
        let each = latency::exponential_quantile(1, 100.0, q);
        json!({
            "p99_each": each,
            "sum_of_p99": 2.0 * each,
            "p99_of_sum": latency::exponential_quantile(2, 100.0, q),
            // Both late together always: then, and only then, percentiles add.
            "comonotone_p99": latency::exponential_quantile(1, 200.0, q),
            "guaranteed_quantile_at_sum_of_p99": latency::sure_quantile(2, q),
        })
    };
    cascade_latency_histogram_convolution, "cascade.latency.histogram_convolution", |input| {
        let bins = latency::added(&decimals(&input["a"]), &decimals(&input["b"]));
        let cdf: Vec<f64> = (1..=bins.len()).map(|n| bins[..n].iter().sum()).collect();
        let width = int(&input["bin_ms"]) as usize;
        json!({
            "p95_bin": latency::quantile_bin(&bins, 0.95),
            "share_le_150ms": cdf[150 / width],
            "sum_pmf": bins,
            "cdf": cdf,
        })
    };
    cascade_latency_fanout, "cascade.latency.fanout", |input| {
        let legs = int(&input["n"]) as u32;
        json!({
            "requests_with_a_slow_leg": latency::fan_out(legs, decimal(&input["slow_share"])),
            "per_leg_share_for_1pct_overall": latency::per_leg(legs, 0.01),
        })
    };
    cascade_latency_union_split, "cascade.latency.union_split", |input| {
        let stages = input["stages"].as_array().expect("stages");
        let thresholds: u64 = stages.iter().map(|stage| int(&stage["ms"])).sum();
        assert_eq!(thresholds, int(&input["budget_ms"]));
        let late: Vec<f64> = stages.iter().map(|stage| decimal(&stage["share_over"])).collect();
        json!({"customer_share_over_500ms_upper": latency::late_at_most(&late)})
    };
    cascade_alloc_equal, "cascade.alloc.equal", |input| {
        let (budget, n) = (total_budget(input), int(&input["n"]) as usize);
        let each = divided(input, &vec![1.0; n], |_| 1.0).budgets[0];
        json!({
            "total_budget": budget,
            "per_service_linear": each,
            "per_service_target_linear": 1.0 - each,
            "per_service_target_exact": allocate::equal_exact(budget, n as u32),
        })
    };
    cascade_alloc_proportional, "cascade.alloc.proportional", |input| {
        let found = divided(input, &decimals(&input["current_unreliability"]), |today| today);
        json!({"budgets": found.budgets, "required_improvement_factor": 1.0 / found.multiplier})
    };
    cascade_alloc_cost_log, "cascade.alloc.cost_log", |input| {
        let found = divided(input, &floats(&input["cost_per_nine"]), |cost| cost);
        let targets: Vec<f64> = found.budgets.iter().map(|e| 1.0 - e).collect();
        json!({"budgets": found.budgets, "targets": targets})
    };
    cascade_alloc_cost_inverse, "cascade.alloc.cost_inverse", |input| {
        json!({"budgets": divided(input, &floats(&input["cost"]), f64::sqrt).budgets})
    };
    cascade_alloc_bounded, "cascade.alloc.bounded", |input| {
        let (costs, weights) = (floats(&input["cost_per_nine"]), decimals(&input["call_weight"]));
        let (floors, ceilings) = (decimals(&input["floor"]), decimals(&input["ceil"]));
        let part = |i: usize| allocate::Part {
            weight: weights[i],
            key: costs[i] / weights[i],
            floor: floors[i],
            ceiling: ceilings[i],
        };
        let parts: Vec<_> = (0..costs.len()).map(part).collect();
        let found = allocate::allocate(&parts, decimal(&input["total_budget"])).expect("feasible");
        json!({"budgets": found.budgets, "spent": found.spent})
    };
    cascade_alloc_infeasible, "cascade.alloc.infeasible", |input| {
        let floors = decimals(&input["floor"]);
        let part = |floor: &f64| allocate::Part { weight: 1.0, key: 1.0, floor: *floor, ceiling: f64::INFINITY };
        let parts: Vec<_> = floors.iter().map(part).collect();
        let refused = allocate::allocate(&parts, total_budget(input)).expect_err("the floors cost too much");
        json!({
            "feasible": false,
            "floor_sum": refused.floors,
            "budget": refused.floors - refused.gap,
            "gap": refused.gap,
            "best_customer_target_without_buffer": 1.0 - refused.floors,
            "best_customer_target_with_same_buffer": 1.0 - refused.floors / (1.0 - decimal(&input["buffer"])),
        })
    };

    stat_wilson_3_4, "stat.wilson.3_4", wilson;
    stat_wilson_0_10, "stat.wilson.0_10", wilson;
    stat_wilson_10_10, "stat.wilson.10_10", wilson;
    stat_wilson_47_48, "stat.wilson.47_48", wilson;
    stat_wilson_19_20, "stat.wilson.19_20", wilson;
    stat_clopper_pearson_3_4, "stat.clopper_pearson.3_4", clopper_pearson;
    stat_clopper_pearson_0_10, "stat.clopper_pearson.0_10", clopper_pearson;
    stat_clopper_pearson_47_48, "stat.clopper_pearson.47_48", clopper_pearson;
    stat_quantile_rank_ci_n26, "stat.quantile_rank_ci.n26.q0.5", quantile_ranks;
    stat_quantile_rank_ci_n1000, "stat.quantile_rank_ci.n1000.q0.95", quantile_ranks;
    stat_quantile_rank_ci_n200, "stat.quantile_rank_ci.n200.q0.99", quantile_ranks;
    stat_quantile_rank_ci_n11, "stat.quantile_rank_ci.n11.q0.5", quantile_ranks;

    sketch_ddsketch, "sketch.ddsketch.alpha_0.01", ddsketch;
    sketch_classic_histogram_quantile, "sketch.classic_histogram_quantile", |input| {
        let (le, cumulative) = buckets(input);
        let histogram = ClassicHistogram::new(&le, &cumulative).expect("a histogram");
        let found: Vec<_> = floats(&input["q"]).iter().map(|&q| histogram.quantile(q).expect("a quantile")).collect();
        json!({
            "estimate": found.iter().map(|e| e.estimate).collect::<Vec<_>>(),
            "bounds": found.iter().map(|e| [e.low, e.high]).collect::<Vec<_>>(),
        })
    };
    sketch_threshold_between_buckets, "sketch.threshold_between_buckets", |input| {
        let (le, cumulative) = buckets(input);
        let threshold = input["threshold"].as_f64().expect("a threshold");
        let split = ClassicHistogram::new(&le, &cumulative).expect("a histogram").at_threshold(threshold);
        json!({
            "good_min": split.good_min, "good_max": split.good_max, "linear": split.good_linear,
            "sli_min": split.good_min as f64 / split.total as f64,
            "sli_max": split.good_max as f64 / split.total as f64,
        })
    };
    sketch_exponential_histogram_scale0, "sketch.exponential_histogram.scale0", exponential_histogram;
    sketch_exponential_histogram_scale3, "sketch.exponential_histogram.scale3", exponential_histogram;
    sketch_exponential_histogram_scale8, "sketch.exponential_histogram.scale8", exponential_histogram;

    masking_premium_hidden, "masking.premium_hidden", premium_hidden;
    masking_blind_spot, "masking.blind_spot", |input| {
        let hidden = |others| {
            masking::hidden_error_max(ppb(&input["aggregate_target"]), decimal(&input["share"]), others)
        };
        json!({
            "max_hidden_error_ratio": hidden(decimal(&input["others_error"])),
            "if_others_perfect": hidden(0.0),
        })
    };
    masking_simpson_mix_shift, "masking.simpson_mix_shift", mix_shift;
}

#[test]
fn every_vector_has_a_test() {
    let tested: BTreeSet<&str> = TESTED.iter().copied().collect();
    assert_eq!(tested.len(), TESTED.len(), "an id is tested twice");
    let untested: Vec<&str> = VECTORS
        .iter()
        .map(|v| text(&v["id"]))
        .filter(|id| !tested.contains(id))
        .collect();
    assert!(untested.is_empty(), "vectors without a test: {untested:?}");
    assert_eq!(VECTORS.len(), TESTED.len());
}

fn occurrences(input: &Value) -> Value {
    let (good, total) = (int(&input["good"]), int(&input["total"]));
    let budget = Budget {
        bad: total - good,
        total,
        target_ppb: ppb(&input["target"]),
    };
    json!({
        "sli": value(budget.sli()),
        "bad": budget.bad,
        "allowed_bad": billionths(budget.allowed_bad_billionths()),
        "consumed": value(budget.consumed()),
        "remaining": value(budget.remaining()),
        "burn_rate": value(budget.burn_rate()),
        "met": budget.met(),
    })
}

fn timeslices_small(input: &Value) -> Value {
    let slices = input["slices"]
        .as_array()
        .expect("slices")
        .iter()
        .map(|s| (int(&s[0]), int(&s[1])));
    let count = SliceCount::from_counts(slices.clone(), ppb(&input["slice_target"]));
    let sli = |no_traffic| value(count.budget(no_traffic, 0).sli());
    let (good, total) = slices.fold((0, 0), |sum, s| (sum.0 + s.0, sum.1 + s.1));
    json!({
        "good_slices": count.good, "bad_slices": count.bad, "nodata_slices": count.empty,
        "sli_nodata_excluded": sli(NoTraffic::Exclude),
        "sli_nodata_good": sli(NoTraffic::Good),
        "sli_nodata_bad": sli(NoTraffic::Bad),
        "sli_occurrences_same_data": value(Budget { bad: total - good, total, target_ppb: 0 }.sli()),
    })
}

/// The window as the sum of its parts.
fn whole(input: &Value) -> Budget {
    let parts = input["parts"].as_array().expect("parts");
    let sum = |key: &str| parts.iter().map(|part| int(&part[key])).sum();
    Budget {
        bad: sum("bad"),
        total: sum("total"),
        target_ppb: ppb(&input["target"]),
    }
}

/// Beside what we compute, the mean of ratios that we do not.
fn exact_and_mean(input: &Value) -> Value {
    let parts = input["parts"].as_array().expect("parts");
    let ratio = |part: &Value| 1.0 - int(&part["bad"]) as f64 / int(&part["total"]) as f64;
    let mean = parts.iter().map(ratio).sum::<f64>() / parts.len() as f64;
    let budget = whole(input);
    json!({
        "exact_sli": value(budget.sli()),
        "mean_of_ratios": mean,
        "exact_met": budget.met(),
        "mean_of_ratios_would_say_met": mean >= decimal(&input["target"]),
    })
}

fn calendar_vs_rolling(input: &Value) -> Value {
    // "2025-01-31T23:30:00Z" and the next day: minutes before and after midnight UTC.
    let minute_of_day = |v: &Value| {
        let clock = &text(v)[11..16];
        clock[..2].parse::<u64>().expect("hours") * 60 + clock[3..].parse::<u64>().expect("minutes")
    };
    let before = 1440 - minute_of_day(&input["outage"][0]);
    let after = minute_of_day(&input["outage"][1]);
    let consumed = |bad, days: u64| {
        value(
            Budget {
                bad,
                total: days * 1440,
                target_ppb: ppb(&input["target"]),
            }
            .consumed(),
        )
    };
    json!({
        "jan_consumed": consumed(before, 31),
        "feb_consumed": consumed(after, 28),
        "rolling_28d_consumed_at_2025_02_01T00_10": consumed(before + after, 28),
    })
}

fn time_to_exhaustion(input: &Value) -> Value {
    let number = |key: &str| input[key].as_f64().expect("a number");
    json!({"hours": budget::time_to_exhaustion(number("burn"), number("remaining"), number("window_hours"))})
}

fn thresholds_by_window() -> Value {
    let keys = ["2%_1h", "5%_6h", "10%_24h", "10%_3d"];
    let windows = [7u64, 28, 30, 90].map(|days| {
        let row: Value = keys
            .iter()
            .zip(WORKBOOK_TIERS)
            .map(|(key, tier)| {
                let exact = burn::threshold(tier.spends_ppb, days * 86_400, tier.long_seconds)
                    .expect("a threshold");
                let used = tier
                    .threshold_millionths(days * 86_400)
                    .expect("a threshold") as f64
                    / 1e6;
                assert!(
                    (used - exact.to_f64().max(1.0)).abs() < 1e-6,
                    "the rounded one is the exact one, clamped"
                );
                ((*key).to_owned(), json!(exact.to_f64()))
            })
            .collect();
        (format!("{days}d"), row)
    });
    windows.into_iter().collect()
}

fn burn_caps() -> Value {
    let targets = [
        "0.5", "0.9", "0.93", "0.95", "0.99", "0.995", "0.999", "0.9999", "0.99999",
    ];
    let row = |target: &str| {
        let target = ppb(&json!(target));
        json!({
            "cap": value(burn::cap(target)),
            "fires_14.4": burn::reachable(14_400_000, target),
            "fires_6": burn::reachable(6_000_000, target),
            "fires_3": burn::reachable(3_000_000, target),
            "fires_1": burn::reachable(1_000_000, target),
            "error_ratio_needed_14_4": burn::error_ratio_needed(14_400_000, target).to_f64(),
        })
    };
    targets
        .into_iter()
        .map(|target| (target.to_owned(), row(target)))
        .collect()
}

fn detection(input: &Value) -> Value {
    let seconds = |key: &str| input[key].as_f64().expect("seconds");
    let (error, target) = (decimal(&input["error_ratio"]), ppb(&input["target"]));
    match burn::detection(
        error,
        target,
        millionths(&input["burn"]),
        seconds("long_s"),
        seconds("short_s"),
    ) {
        None => json!({"fires": false}),
        Some(found) => json!({
            "fires": true,
            "detect_s": found.detect_seconds,
            "reset_after_end_s": found.reset_seconds,
            "budget_spent_at_detect_30d": found.burnt_seconds / (720.0 * 3_600.0),
        }),
    }
}

/// The figures the Workbook prints in chapter 5, from its own alerts.
fn workbook_checks(input: &Value) -> Value {
    let target = ppb(&input["target"]);
    let month = int(&input["window_days"]) * 86_400;
    let single = |threshold, seconds: f64| {
        burn::detection(1.0, target, threshold, seconds, seconds).expect("it fires")
    };
    let share =
        |seconds: u64, spends: f64| budget::spent_if_uniform(spends, seconds as f64, month as f64);
    let multi = burn::detection(0.15, target, 14_400_000, 3_600.0, 300.0).expect("it fires");
    let long_only = burn::detection(0.15, target, 14_400_000, 3_600.0, 3_600.0).expect("it fires");
    let short_only = burn::detection(0.15, target, 14_400_000, 300.0, 300.0).expect("it fires");
    let five_percent_in_an_hour =
        burn::threshold_millionths(50_000_000, month, 3_600).expect("a threshold");
    let alert_4 = single(five_percent_in_an_hour, 3_600.0);
    let ten_an_hour = month / 3_600 * 10;
    let hours = |burn: f64| {
        budget::time_to_exhaustion(burn, 1.0, month as f64 / 3_600.0).expect("it burns")
    };
    json!({
        "a1_10m_detect_total_outage_s": single(1_000_000, 600.0).detect_seconds,
        "a1_budget_spent_fraction": share(600, 1.0),
        "a1_max_alerts_per_day": 86_400 / 600,
        "a2_36h_detect_total_outage_s": single(1_000_000, 36.0 * 3_600.0).detect_seconds,
        "a2_budget_fraction": share(36 * 3_600, 1.0),
        "a3_1h_total_outage_budget_fraction": share(3_600, burn::cap(target).expect("a cap").to_f64()),
        "a4_burn_for_5pct_1h": five_percent_in_an_hour / 1_000_000,
        "a4_total_outage_detect_s": alert_4.detect_seconds,
        "a4_reset_minutes": alert_4.reset_seconds / 60.0,
        "a4_35x_exhaustion_h": hours(35.0),
        "t54_1000x_exhaustion_min": hours(1_000.0) * 60.0,
        "mw_15pct_10min_short_over_s": short_only.detect_seconds,
        "mw_15pct_10min_long_over_s": multi.detect_seconds,
        "mw_short_below_after_end_s": multi.reset_seconds,
        "mw_long_below_after_end_s": long_only.reset_seconds,
        "lowtraffic_10rph_one_failure_burn": value(burn::burn_rate(1, 10, target)).as_f64().expect("a burn").round() as u64,
        "lowtraffic_10rph_budget_fraction_per_failure": value(budget::spent(1, ten_an_hour, target)),
        "lowtraffic_allowed_failures_30d":
            (Budget { bad: 0, total: ten_an_hour, target_ppb: target }.allowed_bad_billionths() / 1_000_000_000) as u64,
    })
}

fn low_traffic_exact(input: &Value) -> Value {
    let (n, bad, target) = (int(&input["n"]), int(&input["bad"]), ppb(&input["target"]));
    let allowed = f64::from(attain_math::ppb::allowance_ppb(target)) / 1e9;
    json!({
        "burn": value(burn::burn_rate(bad, n, target)),
        "p_value_binomial_ge_k": interval::binomial_at_least(bad, n, allowed),
        "post_prob_p_gt_budget": interval::jeffreys_above(bad, n, allowed),
        "post_prob_burn_gt_6": interval::jeffreys_above(bad, n, 6.0 * allowed),
        "post_prob_burn_gt_14_4": interval::jeffreys_above(bad, n, 14.4 * allowed),
    })
}

fn mixture_sr(input: &Value) -> Value {
    assert_eq!(decimals(&input["burns"]), BURNS);
    let slots: Vec<(u64, u64)> = input["slots"]
        .as_array()
        .expect("slots")
        .iter()
        .map(|s| (int(&s[0]), int(&s[1])))
        .collect();
    let target = 1_000_000_000 - ppb(&input["p0"]);
    let start = Sequential::new(target, int(&input["threshold"])).expect("a test");
    let mut observed = start.clone();
    let path: Vec<f64> = slots
        .iter()
        .map(|&(n, bad)| observed.observe(n, bad))
        .collect();
    let mut stepped = start;
    let first = slots.iter().position(|&(n, bad)| stepped.step(n, bad));
    json!({"mixture_path": path, "components_end": observed.state(), "first_alarm_slot_index": first})
}

fn bernoulli_cusum(input: &Value) -> Value {
    let h = input["h"].as_f64().expect("h");
    let mut cusum = Cusum::new(decimal(&input["p0"]), decimal(&input["p1"]), h).expect("a test");
    let outcomes = input["outcomes_bad"].as_array().expect("outcomes");
    let path: Vec<(bool, f64)> = outcomes
        .iter()
        .map(|bad| (cusum.step(int(bad) == 1), cusum.sum()))
        .collect();
    json!({
        "path_last": path.last().map(|p| p.1),
        "path_max": path.iter().map(|p| p.1).fold(0.0, f64::max),
        "first_alarm_index": path.iter().position(|p| p.0),
    })
}

fn series(parts: &[f64]) -> Value {
    let all = compose::series(parts);
    json!({"independent": all.independent, "frechet_low": all.low, "frechet_high": all.high})
}

/// What parts that every request needs cost together.
fn parts_cost(parts: &Value) -> Probability {
    let costs = parts.as_array().expect("parts").iter();
    costs
        .map(|part| {
            edge::cost(
                Probability::from_ppb(ppb(part)).complement(),
                Use::default(),
            )
        })
        .fold(Probability::ZERO, Probability::plus)
}

fn quorum_of_equals(input: &Value) -> Value {
    let (n, need) = (int(&input["n"]) as usize, int(&input["k"]) as usize);
    let ours = compose::quorum(&vec![decimal(&input["a"]); n], need);
    let failures = vec![Probability::from_ppb(ppb(&input["a"])).complement(); n];
    let exact = 1.0 - edge::quorum_failure(&failures, need).to_f64();
    assert!((ours - exact).abs() < 1e-15, "fixed and float agree");
    json!({"availability": ours})
}

fn retry(input: &Value) -> Value {
    let (fail, attempts) = (&input["fail"], int(&input["attempts"]) as u32);
    let again = input["persist"]
        .as_str()
        .map(|_| decimal(&input["persist"]));
    let ours = compose::retry(decimal(fail), attempts, again);
    let again_ppb = ppb(if again.is_some() {
        &input["persist"]
    } else {
        fail
    });
    let exact = edge::after_retry(Probability::from_ppb(ppb(fail)), attempts, again_ppb).to_f64();
    assert!(
        (1.0 - ours.availability - exact).abs() < 1e-15,
        "fixed and float agree"
    );
    json!({"availability": ours.availability, "expected_attempts": ours.attempts_mean})
}

fn edge_availability(input: &Value) -> f64 {
    let calls = int(&input["calls_per_request"]);
    let (share, impact) = (&input["share_of_requests"], &input["severity"]);
    let ours = 1.0
        - compose::edge_cost(
            decimal(&input["dep"]),
            decimal(share),
            calls as f64,
            decimal(impact),
        );
    let usage = Use {
        share_ppb: ppb(share),
        calls_millionths: calls * 1_000_000,
        impact_ppb: ppb(impact),
    };
    let exact = 1.0
        - edge::cost(
            Probability::from_ppb(ppb(&input["dep"])).complement(),
            usage,
        )
        .to_f64();
    assert!((ours - exact).abs() < 1e-15, "fixed and float agree");
    ours
}

/// What a promise leaves for its parts after its buffer.
fn total_budget(input: &Value) -> f64 {
    (1.0 - decimal(&input["customer_target"])) * (1.0 - decimal(&input["buffer"]))
}

/// A budget divided by keys, without floors and ceilings.
fn divided(input: &Value, values: &[f64], key: impl Fn(f64) -> f64) -> allocate::Allocation {
    let part = |value: &f64| allocate::Part {
        weight: 1.0,
        key: key(*value),
        floor: 0.0,
        ceiling: f64::INFINITY,
    };
    let parts: Vec<_> = values.iter().map(part).collect();
    allocate::allocate(&parts, total_budget(input)).expect("nothing is too small without floors")
}

fn shared_dependency(input: &Value) -> Value {
    let branches: Vec<&str> = input["branches"]
        .as_array()
        .expect("branches")
        .iter()
        .flat_map(|branch| branch.as_array().expect("a branch"))
        .map(text)
        .collect();
    let unique: BTreeSet<&str> = branches.iter().copied().chain(["own"]).collect();
    let product = |names: &mut dyn Iterator<Item = &str>| {
        let parts: Vec<f64> = names.map(|name| decimal(&input["a"][name])).collect();
        compose::series(&parts).independent
    };
    json!({
        "exact_unique_nodes": product(&mut unique.into_iter()),
        "wrong_path_product": product(&mut branches.into_iter().chain(["own"])),
    })
}

fn measured_joint(minutes: &Value) -> compose::MeasuredJoint {
    compose::measured_joint(JointSlots {
        both_up: int(&minutes["both_up"]),
        first_up: int(&minutes["a_up_b_down"]),
        second_up: int(&minutes["a_down_b_up"]),
        both_down: int(&minutes["both_down"]),
    })
    .expect("some minutes")
}

fn early_warning(input: &Value) -> Value {
    let side = |key: &str| -> Vec<Event> {
        let events = input[key].as_array().expect("events").iter();
        let slot = |v: &Value| i64::try_from(int(v)).expect("a slot");
        events
            .map(|event| Event {
                start: slot(&event[0]),
                end: slot(&event[1]),
            })
            .collect()
    };
    let (internal, customer) = (side("internal"), side("customer"));
    let rule = Rule {
        horizon: int(&input["horizon_min"]) as i64,
        lead_min: int(&input["min_lead_min"]) as i64,
    };
    let end = int(&input["data_end"]);
    let found = warning::measure(&internal, &customer, rule, end as i64);
    let chance = warning::chance_if_even(internal.len() as u64, end, rule);
    let pair = |interval: Option<Interval>| interval.map(|i| [i.low, i.high]);
    json!({
        "recall": found.recall(),
        "recall_wilson95": pair(found.recall_interval()),
        "eligible_internal": found.eligible,
        "precision": found.precision(),
        "precision_wilson95": pair(found.precision_interval()),
        "leads_min": found.leads,
        "lead_median": found.lead().map(|lead| lead.value),
        "chance_recall": chance,
        "lift": found.recall().map(|recall| recall / chance),
    })
}

fn wilson(input: &Value) -> Value {
    ends(interval::wilson(int(&input["k"]), int(&input["n"]), Z_95))
}

fn clopper_pearson(input: &Value) -> Value {
    ends(interval::clopper_pearson(
        int(&input["k"]),
        int(&input["n"]),
        decimal(&input["conf"]),
    ))
}

fn ends(interval: Option<Interval>) -> Value {
    let interval = interval.expect("an interval");
    json!({"interval": [interval.low, interval.high]})
}

fn quantile_ranks(input: &Value) -> Value {
    let ranks = interval::quantile_ranks(
        int(&input["n"]),
        decimal(&input["q"]),
        decimal(&input["conf"]),
    );
    let ranks = ranks.expect("ranks");
    json!({
        "lower_rank_1based": ranks.lower.unwrap_or(0),
        "upper_rank_1based": ranks.upper,
        "coverage": ranks.coverage,
    })
}

fn ddsketch(input: &Value) -> Value {
    let mapping = DdMapping::new(decimal(&input["alpha"])).expect("a mapping");
    let values = floats(&input["values"]);
    let index: Vec<i64> = values
        .iter()
        .map(|&v| mapping.index(v).expect("an index"))
        .collect();
    let representative: Vec<f64> = index.iter().map(|&i| mapping.representative(i)).collect();
    let error: Vec<f64> = representative
        .iter()
        .zip(&values)
        .map(|(r, v)| (r - v).abs() / v)
        .collect();
    json!({"gamma": mapping.gamma(), "index": index, "representative": representative, "rel_error": error})
}

fn exponential_histogram(input: &Value) -> Value {
    let scale = i8::try_from(int(&input["scale"])).expect("a scale");
    let values = floats(&input["values"]);
    json!({
        "base": sketch::exponential_base(scale),
        "otel_index": values.iter().map(|&v| sketch::exponential_index(v, scale)).collect::<Vec<_>>(),
        "prometheus_native_index": values.iter().map(|&v| sketch::native_index(v, scale)).collect::<Vec<_>>(),
        "max_rel_error_midpoint": sketch::exponential_error_max(scale),
    })
}

fn premium_hidden(input: &Value) -> Value {
    let segments = input["segments"].as_object().expect("segments");
    let names: Vec<&String> = segments.keys().collect();
    let budgets: Vec<Budget> = segments
        .values()
        .map(|s| Budget {
            bad: int(&s["bad"]),
            total: int(&s["total"]),
            target_ppb: ppb(&s["target"]),
        })
        .collect();
    let found = masking::masking(&budgets, ppb(&input["aggregate_target"]));
    let burns = names
        .iter()
        .zip(&budgets)
        .map(|(name, b)| ((*name).clone(), value(b.burn_rate())));
    json!({
        "aggregate_sli": value(found.aggregate.sli()),
        "aggregate_met": found.aggregate.met(),
        "burn": burns.collect::<Value>(),
        "aggregate_burn": value(found.aggregate.burn_rate()),
        "masking_index": found.masking_index,
        "masked": found.masked.iter().map(|&i| names[i]).collect::<Vec<_>>(),
    })
}

fn mix_shift(input: &Value) -> Value {
    let side = |key: &str| -> Vec<Counts> {
        let segments = input[key].as_object().expect("segments").values();
        segments
            .map(|s| Counts {
                bad: int(&s["bad"]),
                total: int(&s["total"]),
            })
            .collect()
    };
    let (before, after) = (side("before"), side("after"));
    let shift = masking::mix_shift(&before, &after).expect("traffic");
    let worse =
        |(b, a): (&Counts, &Counts)| a.bad as f64 / a.total as f64 > b.bad as f64 / b.total as f64;
    json!({
        "aggregate_before": shift.before,
        "aggregate_after": shift.after,
        "rate_effect": shift.rate_effect,
        "mix_effect": shift.mix_effect,
        "every_segment_worse": before.iter().zip(&after).all(worse),
        "aggregate_better": shift.after < shift.before,
    })
}

/// Compares whole numbers, texts and truth values exactly, floats with a relative tolerance (absolute around zero).
fn same(at: &str, ours: &Value, expected: &Value, tolerance: f64) {
    match (ours, expected) {
        (Value::Object(o), Value::Object(e)) => {
            assert_eq!(
                o.keys().collect::<BTreeSet<_>>(),
                e.keys().collect::<BTreeSet<_>>(),
                "{at}"
            );
            for (key, expected) in e {
                same(&format!("{at}.{key}"), &o[key], expected, tolerance);
            }
        }
        (Value::Array(o), Value::Array(e)) => {
            assert_eq!(o.len(), e.len(), "{at}");
            for (i, (ours, expected)) in o.iter().zip(e).enumerate() {
                same(&format!("{at}[{i}]"), ours, expected, tolerance);
            }
        }
        (Value::Number(o), Value::Number(e)) if o.is_f64() || e.is_f64() => {
            let (o, e) = (o.as_f64().expect("a float"), e.as_f64().expect("a float"));
            let room = tolerance * if e == 0.0 { 1.0 } else { e.abs() };
            assert!((o - e).abs() <= room, "{at}: ours {o}, expected {e}");
        }
        _ => assert_eq!(ours, expected, "{at}"),
    }
}

/// A decimal such as "0.9995" as parts per billion, without a float in between.
fn ppb(decimal: &Value) -> u32 {
    u32::try_from(scaled(decimal, 9)).expect("a share")
}

/// A decimal such as "14.4" in millionths.
fn millionths(decimal: &Value) -> u64 {
    scaled(decimal, 6)
}

fn scaled(decimal: &Value, digits: usize) -> u64 {
    let (whole, part) = text(decimal).split_once('.').unwrap_or((text(decimal), ""));
    format!("{whole}{part:0<digits$}")
        .parse()
        .expect("decimal digits")
}

fn decimal(v: &Value) -> f64 {
    text(v).parse().expect("a decimal")
}

fn decimals(list: &Value) -> Vec<f64> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(decimal)
        .collect()
}

fn floats(list: &Value) -> Vec<f64> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(|v| v.as_f64().expect("a number"))
        .collect()
}

fn buckets(input: &Value) -> (Vec<f64>, Vec<u64>) {
    let cumulative = input["cumulative"]
        .as_array()
        .expect("counts")
        .iter()
        .map(int)
        .collect();
    (floats(&input["le"]), cumulative)
}

fn map(object: &Value, each: impl Fn(&Value) -> Value) -> Value {
    object
        .as_object()
        .expect("an object")
        .iter()
        .map(|(key, v)| (key.clone(), each(v)))
        .collect()
}

fn value(fraction: Option<Fraction>) -> Value {
    json!(fraction.map(|f| f.to_f64()))
}

fn billionths(count: u128) -> f64 {
    count as f64 / 1e9
}

fn int(v: &Value) -> u64 {
    v.as_u64().unwrap_or_else(|| panic!("{v} is a count"))
}

fn text(v: &Value) -> &str {
    v.as_str().unwrap_or_else(|| panic!("{v} is a text"))
}

/// A month exactly at budget is falsely paged at most 0.15 times, at 10, 30 and 100 requests an hour.
///
/// In the small size (20 months a rate) chance alone moves the count by more than that, so the bound is on all sixty
/// months; the soak holds each rate to it over 400.
#[test]
fn low_traffic_false_pages() {
    const SEED: u64 = 20_260_101;
    let soak = std::env::var_os("ATTAIN_SOAK").is_some();
    let months = if soak { 400 } else { 20 };
    let reports = [10, 30, 100].map(|rate| simulate(months, rate, SEED));
    for report in &reports {
        println!("{report}");
    }
    let held = reports
        .iter()
        .filter(|report| report.sequential.false_pages_per_month(months) <= 0.15)
        .count();
    println!("soak: {held} of {}, seed {SEED}", reports.len());
    if soak {
        assert_eq!(held, reports.len(), "rates within 0.15 false pages a month");
    }
    let pages: u64 = reports.iter().map(|r| r.sequential.false_pages).sum();
    let all_months = f64::from(months) * 3.0;
    assert!(
        pages as f64 <= 0.15 * all_months,
        "{pages} false pages in {all_months} months"
    );
}
