//! How a budget of unavailability is divided among parts.
//!
//! Knows weights, keys, floors and ceilings, as floats: who decides takes the result, rounds it against the parts, and
//! checks with edge.rs. Every division has one form, `e = clip(multiplier * key, floor, ceiling)` with the weighted sum at
//! the budget; what is equal, proportional or cheapest is in the keys:
//!
//! - equal budgets: `1 / weight`;
//! - in proportion to today: today's unavailability; the multiplier is how much better each must get;
//! - cheapest when each further nine costs `c`: `c / weight` (minimises the sum of `c ln(1/e)`);
//! - cheapest when the cost is `c / e`: `sqrt(c / weight)`.

/// A part that takes some of the budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// What one unit of its unavailability costs the whole: share * impact * calls.
    pub weight: f64,
    /// Its share in the division; see the module.
    pub key: f64,
    /// The least unavailability that it can reach.
    pub floor: f64,
    /// The most that it is given; infinite for no limit.
    pub ceiling: f64,
}

/// A division.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    /// The unavailability of each part.
    pub budgets: Vec<f64>,
    /// What they cost together; less than the budget where all are at their ceilings.
    pub spent: f64,
    /// The multiplier of the keys; infinite where all are at their ceilings.
    pub multiplier: f64,
}

/// The floors alone cost more than the budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Infeasible {
    /// What the floors cost together.
    pub floors: f64,
    /// How much more that is than the budget.
    pub gap: f64,
}

/// Divides a budget. What is not finite or below zero counts as zero, a ceiling below its floor as the floor.
///
/// ```
/// use attain_math::allocate::{Part, allocate};
/// let part = |c: f64| Part { weight: 1.0, key: c, floor: 0.0, ceiling: f64::INFINITY };
/// let cheapest = allocate(&[part(1.0), part(3.0)], 0.0004).unwrap();
/// assert!((cheapest.budgets[1] - 0.0003).abs() < 1e-15);
/// ```
///
/// # Errors
/// [`Infeasible`] where the floors cost more than the budget.
pub fn allocate(parts: &[Part], budget: f64) -> Result<Allocation, Infeasible> {
    let parts: Vec<Part> = parts.iter().map(cleaned).collect();
    let floors: f64 = parts.iter().map(|part| part.weight * part.floor).sum();
    // The last digits of a sum are nobody's gap.
    if floors > budget * (1.0 + 1e-12) {
        return Err(Infeasible {
            floors,
            gap: floors - budget,
        });
    }
    let multiplier = multiplier(&parts, budget);
    let budgets: Vec<f64> = parts.iter().map(|part| part.at(multiplier)).collect();
    let spent = parts.iter().zip(&budgets).map(|(part, e)| part.weight * e);
    Ok(Allocation {
        spent: spent.sum(),
        budgets,
        multiplier,
    })
}

/// The availability that each of `parts` equal parts in series must have for the whole to keep a budget exactly:
/// `(1 - budget)^(1/parts)`. One for no parts.
///
/// ```
/// let each = attain_math::allocate::equal_exact(0.0007, 4);
/// assert!((each - 0.999_824_954).abs() < 1e-9);
/// ```
pub fn equal_exact(budget: f64, parts: u32) -> f64 {
    if parts == 0 {
        return 1.0;
    }
    ((-budget.clamp(0.0, 1.0)).ln_1p() / f64::from(parts)).exp()
}

/// The largest multiplier at which the parts keep the budget. What they cost is a broken line in it, so it is found
/// exactly: at the last bend that is kept, and from there along the next piece.
fn multiplier(parts: &[Part], budget: f64) -> f64 {
    let cost = |m: f64| {
        parts
            .iter()
            .map(|part| part.weight * part.at(m))
            .sum::<f64>()
    };
    let mut bends: Vec<f64> = parts
        .iter()
        .filter(|part| part.key > 0.0)
        .flat_map(|part| [part.floor / part.key, part.ceiling / part.key])
        .filter(|bend| bend.is_finite())
        .collect();
    bends.sort_by(f64::total_cmp);
    let Some(start) = bends.iter().rev().find(|bend| cost(**bend) <= budget) else {
        // Not even the first bend by its last digit: everybody is at the floor.
        return if bends.is_empty() { f64::INFINITY } else { 0.0 };
    };
    let start = *start;
    // By the same quotients as the bends: a product would be off by its last digit.
    let rises = |part: &&Part| {
        part.key > 0.0 && part.floor / part.key <= start && start < part.ceiling / part.key
    };
    let slope: f64 = parts
        .iter()
        .filter(rises)
        .map(|part| part.weight * part.key)
        .sum();
    if slope > 0.0 {
        start + (budget - cost(start)).max(0.0) / slope
    } else if bends.last().is_some_and(|last| *last > start) {
        // The next bend is beyond the budget by its last digit.
        start
    } else {
        f64::INFINITY
    }
}

impl Part {
    fn at(&self, multiplier: f64) -> f64 {
        match self.key > 0.0 {
            true => (multiplier * self.key).clamp(self.floor, self.ceiling),
            false => self.floor,
        }
    }
}

fn cleaned(part: &Part) -> Part {
    let positive = |value: f64| {
        if value.is_finite() {
            value.max(0.0)
        } else {
            0.0
        }
    };
    let floor = positive(part.floor);
    let ceiling = if part.ceiling.is_nan() {
        floor
    } else {
        part.ceiling.max(floor)
    };
    Part {
        weight: positive(part.weight),
        key: positive(part.key),
        floor,
        ceiling,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(rng: &mut fastrand::Rng) -> Part {
        let floor = rng.f64() * 1e-4;
        Part {
            weight: rng.f64() * 3.0,
            key: [0.0, rng.f64(), 1.0][rng.usize(0..3)],
            floor,
            ceiling: [floor, floor + rng.f64() * 1e-3, f64::INFINITY][rng.usize(0..3)],
        }
    }

    #[test]
    fn within_its_limits_and_the_budget_used_up() {
        let mut rng = fastrand::Rng::with_seed(5);
        for _ in 0..5_000 {
            let parts: Vec<Part> = (0..rng.usize(0..7)).map(|_| random(&mut rng)).collect();
            let budget = rng.f64() * 1e-3;
            let floors: f64 = parts.iter().map(|part| part.weight * part.floor).sum();
            let Ok(found) = allocate(&parts, budget) else {
                assert!(floors > budget);
                continue;
            };
            assert!(floors <= budget * (1.0 + 1e-9));
            assert!(found.spent <= budget * (1.0 + 1e-9), "{parts:?}");
            let mut may_rise = false;
            for (part, e) in parts.iter().zip(&found.budgets) {
                assert!(*e >= part.floor && *e <= part.ceiling, "{parts:?}");
                may_rise |= *e < part.ceiling && part.key > 0.0 && part.weight > 1e-9;
            }
            assert!(
                !may_rise || found.spent > budget * (1.0 - 1e-9),
                "{parts:?} {found:?}"
            );
        }
    }

    #[test]
    fn a_budget_of_just_the_floors_leaves_everybody_there() {
        let mut rng = fastrand::Rng::with_seed(6);
        for _ in 0..2_000 {
            let part = |_| Part {
                key: 0.1 + rng.f64(),
                ..random(&mut rng)
            };
            let parts: Vec<Part> = (0..3).map(part).collect();
            let floors: f64 = parts.iter().map(|part| part.weight * part.floor).sum();
            let found = allocate(&parts, floors).unwrap();
            assert!(found.spent <= floors * (1.0 + 1e-9), "{parts:?} {found:?}");
        }
    }

    #[test]
    fn what_is_no_number_makes_no_nan() {
        let odd = Part {
            weight: f64::NAN,
            key: f64::INFINITY,
            floor: -1.0,
            ceiling: f64::NAN,
        };
        let found = allocate(&[odd], 0.001).unwrap();
        assert_eq!((found.budgets[0], found.spent), (0.0, 0.0));
        assert!(allocate(&[], 0.0).unwrap().budgets.is_empty());
    }
}
