//! False culprits: who is named in normal traffic. Knows the traffic of a scenario; one half says what is usual, and the
//! windows of the other half are looked into wherever the customer's loss asks for it.

use attain_cascade::diagnose::{Gate, Track, Unit};

use super::dataset::Scenario;
use super::trial::{Case, Trial, Usual};

/// Slots of a window.
const SLOTS: usize = 5;

/// What was found in the normal traffic of a scenario.
#[derive(Default)]
pub struct Found {
    /// All windows.
    pub windows: usize,
    /// Those that the customer's loss asked to be looked into.
    pub looked_into: usize,
    /// Those in which somebody was named.
    pub named: usize,
}

/// Looks through every window of normal traffic; nothing where a scenario has none.
pub fn look(scenario: &Scenario, unit: Unit) -> Found {
    let mut found = Found::default();
    let (Some(usual), Some(incident)) = (&scenario.usual, scenario.incidents.first()) else {
        return found;
    };
    let (usual, target) = (usual.tracks(unit), incident.target);
    let slots = usual[target].slots();
    for (known, looked) in [
        (0..slots / 2, slots / 2..slots),
        (slots / 2..slots, 0..slots / 2),
    ] {
        let history: Vec<Track> = usual
            .iter()
            .map(|track| part(track, known.clone()))
            .collect();
        let usual_then = Usual::of(unit, &history);
        let gate = Gate::of(&usual_then.baselines[target], &history[target], SLOTS);
        for first in looked.start..(looked.end + 1).saturating_sub(SLOTS) {
            let range = first..first + SLOTS;
            found.windows += 1;
            if !gate.is_open(&part(&usual[target], range.clone())) {
                continue;
            }
            found.looked_into += 1;
            let window: Vec<Track> = usual
                .iter()
                .map(|track| part(track, range.clone()))
                .collect();
            let trial = Trial::of(&Case {
                graph: &scenario.graph,
                unit,
                target,
                usual: &usual_then,
                window: &window,
                roots: &[],
            });
            found.named += usize::from(trial.is_named());
        }
    }
    found
}

fn part(track: &Track, slots: std::ops::Range<usize>) -> Track {
    Track {
        requests: track.requests[slots.clone()].to_vec(),
        value: track.value[slots].to_vec(),
    }
}
