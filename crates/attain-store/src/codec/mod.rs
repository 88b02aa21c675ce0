//! Bytes: how facts are written and read back. Knows no SQL and no files.

pub(crate) mod blob;
pub(crate) mod bytes;
pub(crate) mod entry;
pub(crate) mod frame;
pub(crate) mod head;
pub(crate) mod live;
pub(crate) mod meter;
pub(crate) mod nouns;
pub(crate) mod pack;
pub(crate) mod page;
pub(crate) mod state;
pub(crate) mod words;

#[cfg(test)]
mod tests {
    use attain_model::StreamKey;
    use attain_model::facts::{ColumnFacts, Layout, State, StreamFacts};
    use attain_model::live::MeterFacts;
    use attain_model::{Bucket, Class, CountedSegment};

    use super::*;
    use crate::gather::Gather;

    /// Content has a checksum, so only another writer's can be wrong; that is an error too.
    #[test]
    fn wrong_content_is_an_error_and_no_panic() {
        let mut random = fastrand::Rng::with_seed(3);
        let facts = StreamFacts {
            columns: vec![ColumnFacts {
                layout: Layout::default(),
                segment: CountedSegment::Unknown,
                class: Class::good(),
                bucket: Bucket::UNTIMED,
                on_time: (0..100).map(|slice| (slice, 1000 + slice as u64)).collect(),
                late: Vec::new(),
            }],
            ..StreamFacts::default()
        };
        let header = page::Header {
            stream: StreamKey::new("main|log"),
            day: 0,
        };
        let contents = [
            page::encode(&header, &facts),
            state::encode(&State::default(), &MeterFacts::default()),
            head::Head::default().encode(),
            Vec::new(),
        ];
        let mut read = 0;
        for _ in 0..4000 {
            let mut content = contents[random.usize(..contents.len())].clone();
            for _ in 0..random.usize(..4) {
                if !content.is_empty() {
                    let at = random.usize(..content.len());
                    content[at] = random.u8(..);
                }
            }
            content.truncate(random.usize(..=content.len() * 2).max(1));
            let mut gather = Gather::default();
            let page = page::decode(&content, &mut page::Scratch::default(), &mut gather);
            drop(gather.finish());
            read += usize::from(page.is_ok());
            read += usize::from(state::decode(&content, random.u8(1..3)).is_ok());
            read += usize::from(head::Head::decode(&content).is_ok());
            read += usize::from(head::Manifest::decode(&content).is_ok());
            read += usize::from(head::Note::decode(&content).is_ok());
            read += usize::from(frame::decode(&content, random.u8(1..3)).is_ok());
            read += usize::from(entry::decode(&content).is_ok());
        }
        // Some of it was not touched.
        assert!(read > 100, "{read}");
    }
}
