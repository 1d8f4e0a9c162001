//! `cargo xtask`: every set-up step, test and measurement of the project. Run it without arguments for help.

mod args;
mod bench;
#[cfg(feature = "bindgen")]
mod bindgen;
mod bridge;
mod budget;
mod count;
mod demo;
mod fuzz;
mod postgres;
mod process;
mod summary;
mod test;
mod tools;
mod wasm;
mod web;

use std::process::ExitCode;

use anyhow::{Result, bail};
use args::Args;

const HELP: &str = "\
Usage: cargo xtask COMMAND [OPTIONS]

  demo    Build everything, start the server and the example service, say what to open
            --port N (8470)  --library-port N (8471)  --data DIR (.assent/demo)  --fresh  --open
  test    Run every check
            --list           name the steps
            --only A,B       run only these steps
            --skip A,B       leave these steps out
            --keep-going     do not stop at the first step that fails (default; --stop to stop)
  e2e     Run the browser tests only          [FILTER]  --headed  --no-build (use the web apps as they are)
  wasm    Build the browser package           --debug (quick, unoptimised)
  web     Build the web apps and what they need  --debug
  budget  Check the download sizes
  bench   Measure                             [FILTER]
  fuzz    Run the fuzz targets                --seconds N (600)  [TARGET]
  man     Write the manual pages of the command to target/man
  fmt     Format everything, write specs/problems.md anew
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without the backtrace that `fn main() -> Result` prints: the reader needs the reason, not our stack.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let args = Args::parse(words)?;
    match command.as_str() {
        "demo" => demo::run(&args),
        "test" => test::run(&args),
        "e2e" => test::run_e2e(&args),
        "wasm" => wasm::build(if args.flag("debug") {
            wasm::Mode::Debug
        } else {
            wasm::Mode::Release
        }),
        "web" => web::run(&args),
        "budget" => budget::run(),
        "bench" => bench::run(&args),
        "fuzz" => fuzz::run(&args),
        "man" => man(),
        "fmt" => {
            process::Cmd::new("cargo").args(["fmt", "--all"]).run()?;
            process::Cmd::new("cargo")
                .args(["run", "--quiet", "--package", "assent-tidy"])
                .run()
        }
        #[cfg(feature = "bindgen")]
        "bindgen" => bindgen::run(&args),
        "" | "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no command `{other}`\n\n{HELP}"),
    }
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
