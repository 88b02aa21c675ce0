//! What a promise rests on, for people and for programs. Knows explanations; computes nothing that decides.
//!
//! - [`tree`]: the parts as a tree and as a sum, for a terminal;
//! - [`json`]: the same, exact, for programs;
//! - [`targets`]: targets that would carry a promise;
//! - [`owner`]: the same cascade as one team sees it;
//! - [`drawing`]: one SVG that stands alone.

pub mod drawing;
pub mod json;
pub mod owner;
pub mod targets;
pub mod tree;

pub(crate) mod words;

use std::collections::BTreeMap;

use attain_cascade::Explained;
use attain_cascade::joint::Together;
use attain_model::{Catalogue, SeriesName, Slo};

/// What is shown: explanations of promises, by the promises of a day.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Whose promises.
    pub catalogue: &'a Catalogue,
    /// In the order in which they are shown; those of one SLO and objective stand together.
    pub explained: &'a [Explained],
    /// Over which time was counted, in words; `None` where nothing was.
    pub counted: Option<&'a str>,
    /// What two parts of a promise did together, where enough was counted of both.
    pub together: &'a BTreeMap<SeriesName, Vec<Together>>,
}

/// Promises to several segments that rest on the same parts in the same way: one tree for all of them.
pub(crate) struct Group<'a> {
    slo: &'a Slo,
    pub(crate) members: Vec<&'a Explained>,
}

impl<'a> Shown<'a> {
    /// What parts of this promise did together.
    fn together(&self, one: &Explained) -> &'a [Together] {
        self.together.get(&one.name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn groups(&self) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for one in self.explained {
            let Some(slo) = self.catalogue.slos.get(&one.name.slo) else {
                continue;
            };
            match groups.last_mut().filter(|group| group.has_room_for(one)) {
                Some(group) => group.members.push(one),
                None => groups.push(Group {
                    slo,
                    members: vec![one],
                }),
            }
        }
        groups
    }
}

impl<'a> Group<'a> {
    /// The promise with the smallest budget, whose tree is shown.
    pub(crate) fn tightest(&self) -> &'a Explained {
        let mut members = self.members.iter();
        let first = members.next().expect("a group has a member");
        members.fold(first, |tightest, one| {
            if one.budget_ppb() < tightest.budget_ppb() {
                one
            } else {
                tightest
            }
        })
    }

    fn has_room_for(&self, one: &Explained) -> bool {
        let first = self.members[0];
        first.name.slo == one.name.slo
            && first.name.objective == one.name.objective
            && first.lines == one.lines
            && first.composed == one.composed
    }
}
