//! Cuts a linked module in parts: what a first visit needs, and what few commands need, in files of their own that share
//! memory, table and globals with the first and are fetched before the first such command. Only built for
//! `cargo xtask wasm`.
//!
//! What is cut off is what nothing reaches once the dispatcher does not call commands in [`RARE`] by name. It calls them
//! through the table instead: empty places at its end, which the other parts fill. A call too early is a trap. Each of
//! them works with the first part alone: what two of them reach is in the first.

mod whole;
mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::args::Args;
use whole::Whole;

/// Where commands are told apart.
const DISPATCHER: &str = "::app::wallet::";

/// The parts beside the first one: the name of the file, and modules with its commands.
const RARE: &[(&str, &[&str])] = &[
    (
        "rest",
        &[
            "::app::bringing::",
            "::app::details::",
            "::app::devices::",
            "::app::documents::",
            "::app::emergency::",
            "::app::methods::",
            "::app::pairing::",
            "::app::pieces::",
            "::app::sign_in::",
            "::app::transfer::",
            "::details::",
            "::documents::",
            "::vault::pairing::",
        ],
    ),
    ("receiving", &["::app::offer::", "::receive::"]),
];

/// Functions of these modules that the app calls on its own once a vault is open.
const OFTEN: &[&str] = &[
    "::app::devices::list",
    "::app::devices::register",
    "::app::methods::list",
];

/// Modules that only other parts call and that stay in the first one, which has room where those have none.
const STAY: &[&str] = &["::receive::tokens::", "::receive::typed::"];

/// `--input FILE_bg.wasm`: takes the other parts out of the file and writes them beside it, as `FILE_<part>.wasm`. The names
/// of functions, by which they are chosen, are in none afterwards.
pub fn run(args: &Args) -> Result<()> {
    let path = args.option("input").context("--input FILE is needed")?;
    let module = std::fs::read(path).with_context(|| format!("cannot read {path}"))?;
    let whole = Whole::read(&module)?;
    whole.insist_on_names()?;
    let cut = Cut::of(&whole)?;
    for (number, (name, _)) in RARE.iter().enumerate() {
        let beside = beside(Path::new(path), name);
        let part = whole.other(&cut, number)?;
        std::fs::write(&beside, part).with_context(|| format!("cannot write {}", beside.display()))?;
        let functions = cut.of_part(number).count();
        eprintln!(
            "  {functions} of {} functions are in {}",
            whole.bodies.len(),
            beside.display()
        );
    }
    std::fs::write(path, whole.first(&cut)?).with_context(|| format!("cannot write {path}"))
}

/// Where the part with this name is.
fn beside(first: &Path, name: &str) -> PathBuf {
    let stem = first.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.strip_suffix("_bg").unwrap_or(&stem);
    first.with_file_name(format!("{stem}_{name}.wasm"))
}

/// What goes where.
struct Cut {
    /// The part of every function that is not in the first one.
    moved: BTreeMap<u32, usize>,
    /// Places in the table of those that the first part calls or had in its table.
    places: BTreeMap<u32, u32>,
    /// Functions of the first part that each other part calls.
    wanted: Vec<BTreeSet<u32>>,
    /// How long the table becomes.
    length: u64,
}

impl Cut {
    fn of(whole: &Whole<'_>) -> Result<Self> {
        let in_table: BTreeSet<u32> = whole.table.values().copied().collect();
        let (rare, often): (Vec<u32>, Vec<u32>) =
            in_table.iter().partition(|function| whole.is_rare(**function));
        let all = whole.imported..u32::try_from(whole.types.len())?;
        let mut roots: BTreeSet<u32> = whole.exported.iter().copied().chain(often).collect();
        roots.extend(all.clone().filter(|function| whole.stays(*function)));
        // A closure is called through the table; it goes with the function that makes it. What two parts reach goes to the
        // first, with all that it reaches.
        let moved = loop {
            let reached = whole.reached(roots.iter().copied());
            let (moved, common) = Self::others(whole, &reached, all.clone());
            let made = rare
                .iter()
                .filter(|closure| whole.is_made_in(**closure, &reached));
            let before = roots.len();
            roots.extend(made);
            roots.extend(common);
            if roots.len() == before {
                break moved;
            }
        };
        if whole.exported.iter().any(|exported| moved.contains_key(exported)) {
            bail!("an exported function would be moved");
        }
        let mut places: BTreeMap<u32, u32> = BTreeMap::new();
        for (place, function) in &whole.table {
            if moved.contains_key(function) {
                places.insert(*function, *place);
            }
        }
        let (mut length, mut wanted) = (whole.functions.1, vec![BTreeSet::new(); RARE.len()]);
        for (own, calls) in (whole.imported..).zip(&whole.calls) {
            for called in calls {
                match (moved.get(&own), moved.get(called)) {
                    (None, Some(_)) if !places.contains_key(called) => {
                        places.insert(*called, u32::try_from(length)?);
                        length += 1;
                    }
                    (Some(part), None) => {
                        wanted[*part].insert(*called);
                    }
                    (Some(one), Some(other)) if one != other => {
                        bail!("a part would call another one that may not be there");
                    }
                    _ => {}
                }
            }
        }
        Ok(Self {
            moved,
            places,
            wanted,
            length,
        })
    }

    /// The part of each function that the first one does not reach, and those that more than one of the others reach.
    fn others(
        whole: &Whole<'_>,
        first: &BTreeSet<u32>,
        all: std::ops::Range<u32>,
    ) -> (BTreeMap<u32, usize>, BTreeSet<u32>) {
        let (mut moved, mut common) = (BTreeMap::new(), BTreeSet::new());
        for part in 0..RARE.len() {
            let own = all
                .clone()
                .filter(|function| whole.rare(*function) == Some(part) && !first.contains(function));
            for function in whole.reached(own) {
                if !first.contains(&function)
                    && function >= whole.imported
                    && moved.insert(function, part).is_some()
                {
                    common.insert(function);
                }
            }
        }
        // What nobody calls goes with the first of them.
        for function in all {
            if !first.contains(&function) {
                moved.entry(function).or_insert(0);
            }
        }
        (moved, common)
    }

    /// The functions of a part, in their old order.
    fn of_part(&self, part: usize) -> impl Iterator<Item = u32> {
        self.moved
            .iter()
            .filter(move |(_, of)| **of == part)
            .map(|(function, _)| *function)
    }
}

#[cfg(test)]
mod tests;
