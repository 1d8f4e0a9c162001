//! The table that measurements end in. With `--json` each row is one JSON object on a line.

use serde_json::{Value, json};

/// Where rows go.
pub struct Table {
    bench: &'static str,
    json: bool,
    cores: usize,
}

impl Table {
    /// A table; its head names the machine's cores, which the figures depend on.
    pub fn new(bench: &'static str, about: &str) -> Self {
        let table = Self {
            bench,
            json: std::env::args().any(|arg| arg == "--json"),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        };
        if !table.json {
            println!("{about}; {} cores here\n", table.cores);
        }
        table
    }

    /// A row: `text` for people, the members of `values` for programs.
    pub fn row(&self, name: &str, text: &str, mut values: Value) {
        if !self.json {
            println!("{name:<62} {text}");
            return;
        }
        values["bench"] = json!(self.bench);
        values["name"] = json!(name);
        values["cores"] = json!(self.cores);
        println!("{values}");
    }

    /// A line that is not a measurement.
    pub fn note(&self, text: &str) {
        if !self.json {
            println!("{text}");
        }
    }
}
