//! The commands, their options and their help.

use anyhow::{Result, bail};

use crate::args::{Args, Opt};
use crate::{bench, budget, demo, deny, fuzz, process, test, wasm, web};

struct Command {
    name: &'static str,
    /// Plain words it takes, for the help; empty for none.
    words: &'static str,
    about: &'static str,
    options: &'static [Opt],
    /// What else one should know, for its own help.
    more: &'static str,
    run: fn(&Args) -> Result<()>,
}

const fn flag(name: &'static str, about: &'static str) -> Opt {
    Opt {
        name,
        value: "",
        about,
    }
}

const fn option(name: &'static str, value: &'static str, about: &'static str) -> Opt {
    Opt { name, value, about }
}

const DEBUG: Opt = flag("debug", "quick and unoptimised");

const ALL: &[Command] = &[
    Command {
        name: "demo",
        words: "",
        about: "Build everything, start the server and the example service, say what to open",
        options: &[
            option("port", "N", "the server's port (8470, or the next free one)"),
            option(
                "library-port",
                "N",
                "the example service's port (8471, or the next free one)",
            ),
            option("data", "FOLDER", "where everything is kept (.assent/demo)"),
            flag("fresh", "begin with empty data"),
            flag("open", "open the wallet in your browser"),
            flag(
                "w3c",
                "also build the bridge for W3C credentials (about 400 crates more)",
            ),
        ],
        more: demo::HELP,
        run: demo::run,
    },
    Command {
        name: "test",
        words: "",
        about: "Run every check",
        options: &[
            flag("list", "name the steps"),
            option("only", "A,B", "run only these steps"),
            option("skip", "A,B", "leave these steps out"),
            flag("stop", "stop at the first step that fails"),
        ],
        more: "Needs a network the first time, for packages. Installs Chromium and PostgreSQL where it may, and says how\n\
               where it may not.",
        run: test::run,
    },
    Command {
        name: "e2e",
        words: "[FILTER]",
        about: "Run the browser tests only, or those in files with FILTER in their names",
        options: &[
            flag("headed", "show the browser"),
            flag("no-build", "use the web apps as they are"),
            DEBUG,
        ],
        more: "",
        run: test::run_e2e,
    },
    Command {
        name: "wasm",
        words: "",
        about: "Build the browser package, wasm/pkg",
        options: &[DEBUG],
        more: "",
        run: |args| wasm::build(wasm::Mode::of(args)),
    },
    Command {
        name: "web",
        words: "",
        about: "Build the web apps and what they need",
        options: &[DEBUG],
        more: "",
        run: web::run,
    },
    Command {
        name: "budget",
        words: "",
        about: "Check the download sizes",
        options: &[],
        more: "",
        run: |_| budget::run(),
    },
    Command {
        name: "crash",
        words: "",
        about: "Kill the server under writes, new keys and uploads, and look whether anything acknowledged is lost",
        options: &[option("rounds", "N", "how often it is killed (1000)")],
        more: "The suite of `cargo xtask test` does this 50 times; also run here: an fsync that fails.",
        run: crash,
    },
    Command {
        name: "bench",
        words: "[NAME]",
        about: "Measure",
        options: &[
            flag("json", "print one JSON object per measurement"),
            flag("list", "name the benchmarks"),
            option(
                "idle",
                "SECONDS",
                "http: rest after the load before memory is read (300)",
            ),
            option("runs", "N", "wasm: how many responses of each kind (200)"),
            flag("node", "wasm: in Node instead of Chromium"),
        ],
        more: bench::HELP,
        run: bench::run,
    },
    Command {
        name: "fuzz",
        words: "[TARGET]",
        about: "Run the fuzz targets",
        options: &[
            option("seconds", "N", "how long each (600)"),
            flag("list", "name the targets"),
        ],
        more: fuzz::HELP,
        run: fuzz::run,
    },
    Command {
        name: "deny",
        words: "",
        about: "Check dependencies against deny.toml and the RustSec advisories",
        options: &[],
        more: deny::HELP,
        run: |_| deny::run(),
    },
    Command {
        name: "man",
        words: "",
        about: "Write the manual pages of the command to target/man",
        options: &[],
        more: "",
        run: |_| man(),
    },
    Command {
        name: "fmt",
        words: "",
        about: "Format everything, write specs/problems.md anew",
        options: &[],
        more: "",
        run: |_| fmt(),
    },
];

/// Runs the command line.
pub fn run(mut words: impl Iterator<Item = String>) -> Result<()> {
    let name = words.next().unwrap_or_default();
    match name.as_str() {
        #[cfg(feature = "bindgen")]
        "bindgen" => {
            let known = [option("input", "FILE", ""), option("output", "FOLDER", ""), DEBUG];
            return crate::bindgen::run(&Args::parse(words, &known, 0)?);
        }
        #[cfg(feature = "bindgen")]
        "alike" => {
            return crate::alike::run(&Args::parse(words, &[option("input", "FILE", "")], 0)?);
        }
        #[cfg(feature = "bindgen")]
        "split" => {
            return crate::split::run(&Args::parse(words, &[option("input", "FILE", "")], 0)?);
        }
        "" | "help" | "--help" | "-h" => {
            match words.next() {
                Some(name) => print!("{}", help(find(&name)?)),
                None => print!("{}", overview()),
            }
            return Ok(());
        }
        _ => {}
    }
    let command = find(&name)?;
    let args = Args::parse(words, command.options, usize::from(!command.words.is_empty()))?;
    if args.flag("help") {
        print!("{}", help(command));
        return Ok(());
    }
    (command.run)(&args)
}

fn find(name: &str) -> Result<&'static Command> {
    match ALL.iter().find(|command| command.name == name) {
        Some(command) => Ok(command),
        None => bail!("there is no command `{name}`\n\n{}", overview()),
    }
}

fn overview() -> String {
    let mut text = "Usage: cargo xtask COMMAND [OPTIONS]\n\n".to_owned();
    for command in ALL {
        text.push_str(&format!("  {:<8}{}\n", command.name, command.about));
    }
    text.push_str("\nOptions of one: cargo xtask COMMAND --help. Begin with `cargo xtask demo`.\n");
    text
}

fn help(command: &Command) -> String {
    let Command {
        name, words, about, ..
    } = command;
    let mut text = format!("{about}.\n\nUsage: cargo xtask {name}");
    for part in [
        if command.options.is_empty() {
            ""
        } else {
            "[OPTIONS]"
        },
        words,
    ] {
        if !part.is_empty() {
            text.push_str(&format!(" {part}"));
        }
    }
    text.push_str("\n\n");
    for Opt { name, value, about } in command.options {
        text.push_str(&format!("  {:<22}{about}\n", format!("--{name} {value}")));
    }
    if !command.more.is_empty() {
        if !command.options.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{}\n", command.more));
    }
    text
}

fn man() -> Result<()> {
    process::Cmd::new("cargo")
        .args([
            "run",
            "--quiet",
            "--package",
            "assent-cli",
            "--",
            "man",
            "--output",
        ])
        .args([process::target_dir().join("man")])
        .run()
}

fn fmt() -> Result<()> {
    for folder in ["", "interop", "fuzz"] {
        process::Cmd::new("cargo")
            .args(["fmt", "--all"])
            .dir(folder)
            .run()?;
    }
    process::Cmd::new("cargo")
        .args(["run", "--quiet", "--package", "assent-tidy"])
        .run()
}

fn crash(args: &Args) -> Result<()> {
    let rounds = args.option("rounds").unwrap_or("1000");
    process::Cmd::new("cargo")
        .args([
            "test",
            "--package",
            "assent-server",
            "--test",
            "crash",
            "--",
            "--nocapture",
        ])
        .env("ASSENT_CRASH_ROUNDS", rounds)
        .run()
}
