//! What a data folder holds, added up: pages, frames, and what is in no closed slice yet.

use std::path::Path;

use attain_server::Unsealed;
use attain_store::{Access, Store};
use jiff::Timestamp;

/// All events of all streams.
pub fn events(folder: &Path) -> u64 {
    let store = Store::open(folder, Access::Read).unwrap();
    assert!(store.check().is_clean(), "{:?}", store.check());
    let mut unsealed = Unsealed::of(&store, 10, |_| {}).unwrap();
    for mut delivery in unsealed.meter.close(Timestamp::MAX) {
        delivery.streams = Some(unsealed.ledger.streams_of(&delivery.source));
        unsealed.ledger.take(delivery);
    }
    let hot = unsealed.ledger.facts().streams.into_values();
    let kept = store.streams().map(|(key, _)| {
        let (facts, damage) = store.stream(key).unwrap();
        assert_eq!(damage, []);
        facts
    });
    hot.chain(kept)
        .flat_map(|facts| facts.columns)
        .map(|column| {
            let on_time: u64 = column.on_time.iter().map(|(_, events)| events).sum();
            let late: u64 = column.late.iter().map(|(_, _, events)| events).sum();
            on_time + late
        })
        .sum()
}
