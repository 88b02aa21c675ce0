//! What was appended and sealed in any order comes out as a plain map would give it.

use std::path::Path;

use attain_store::{Access, Store};

use crate::folder::Model;
use crate::random::Random;

fn try_history(folder: &Path, random: &mut Random, steps: usize) {
    let mut store = Store::open(folder, Access::WriteOrCreate).unwrap();
    let mut model = Model::default();
    for _ in 0..steps {
        match random.rng.u8(..10) {
            0..5 => {
                let (kept, deliveries, live) = (random.kept(), random.deliveries(), random.live());
                store.append_with(&kept, &deliveries, &live).unwrap();
                model.append(&kept, &deliveries, &live);
            }
            5..8 => {
                let (state, meter, streams) = (random.state(), random.meter(), random.streams());
                let open = model
                    .frames
                    .first()
                    .map_or(store.last(), |frame| frame.number);
                let through = random.rng.u64(open..=store.last().max(open));
                store.seal_with(&state, &meter, &streams, through).unwrap();
                model.seal(&state, &meter, &streams, through);
            }
            8 => {
                drop(store);
                store = Store::open(folder, Access::Write).unwrap();
            }
            _ => {
                let reader = Store::open(folder, Access::Read).unwrap();
                model.assert_is(&reader);
            }
        }
    }
    model.assert_is(&store);
    drop(store);
    model.assert_is(&Store::open(folder, Access::Read).unwrap());
}

#[test]
fn any_history_comes_out_as_a_map_would_give_it() {
    for seed in 0..30 {
        let folder = crate::size::scratch();
        let mut random = match seed % 3 {
            0 => Random::extreme(seed),
            _ => Random::new(seed),
        };
        try_history(&folder.path().join("data"), &mut random, 20);
    }
}
