//! The steps, in the order they run: quick ones first, so that a mistake shows early.

use anyhow::{Result, bail};

use super::{Done, Step};
use crate::args::Args;
use crate::deny::Advisories;
use crate::postgres::Postgres;
use crate::process::{Cmd, root, target_dir};
use crate::s3::S3;
use crate::{bridge, budget, deny, tools, wasm, web};

pub(super) const ALL: &[Step] = &[
    Step {
        name: "fmt",
        about: "formatting",
        run: fmt,
    },
    Step {
        name: "tidy",
        about: "architecture, dependencies, file sizes, words",
        run: tidy,
    },
    Step {
        name: "clippy",
        about: "lints, warnings are errors",
        run: clippy,
    },
    Step {
        name: "deny",
        about: "licences, bans and sources of all three workspaces, with cargo-deny",
        run: deny_check,
    },
    Step {
        name: "advisories",
        about: "known vulnerabilities of dependencies (RustSec), where the database can be reached",
        run: advisories,
    },
    Step {
        name: "wasm-pure",
        about: "core and wallet compile for the browser without hidden randomness",
        run: wasm_pure,
    },
    Step {
        name: "unit",
        about: "unit and integration tests of every crate, storage on SQLite and PostgreSQL",
        run: unit,
    },
    Step {
        name: "precision",
        about: "core and wallet tests again with serde_json/arbitrary_precision",
        run: precision,
    },
    Step {
        name: "vectors-wasm",
        about: "core and wallet tests and vectors inside WebAssembly",
        run: vectors_wasm,
    },
    Step {
        name: "wasm",
        about: "the browser package, optimised",
        run: wasm_package,
    },
    Step {
        name: "web",
        about: "types, lints, unit tests and builds of the web folders",
        run: web_checks,
    },
    Step {
        name: "budget",
        about: "download sizes",
        run: size_budget,
    },
    Step {
        name: "interop",
        about: "the W3C bridge and its oracles, a workspace of its own",
        run: interop,
    },
    Step {
        name: "peers",
        about: "independent implementations as wallet, verifier and issuer",
        run: peers,
    },
    Step {
        name: "e2e",
        about: "the whole journey in a browser",
        run: e2e,
    },
];

/// xtask with what makes the browser module, which the workspace as a whole is built without.
const WITH_MODULE_TOOLS: [&str; 4] = ["--package", "xtask", "--features", "bindgen"];

/// The workspaces beside the main one.
const BESIDE: &[&str] = &["interop", "fuzz"];

fn fmt(_: &Args) -> Result<Done> {
    for folder in [""].iter().chain(BESIDE) {
        Cmd::new("cargo")
            .args(["fmt", "--all", "--check"])
            .dir(folder)
            .run()?;
    }
    Ok(Done::Passed)
}

fn tidy(_: &Args) -> Result<Done> {
    counted(Cmd::new("cargo").args(["test", "--quiet", "--package", "assent-tidy", "--no-fail-fast"]))
}

fn clippy(_: &Args) -> Result<Done> {
    Cmd::new("cargo")
        .args([
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])
        .run()?;
    Cmd::new("cargo")
        .args(["clippy", "--quiet", "--all-targets"])
        .args(WITH_MODULE_TOOLS)
        .args(["--", "-D", "warnings"])
        .run()?;
    // Their stable half: a nightly compiler is only needed to run them.
    Cmd::new("cargo")
        .args(["clippy", "--quiet", "--all-targets", "--target-dir"])
        .args([target_dir().join("fuzz")])
        .args(["--", "-D", "warnings"])
        .dir("fuzz")
        .run()?;
    Ok(Done::Passed)
}

fn deny_check(_: &Args) -> Result<Done> {
    deny::check()?;
    Ok(Done::Passed)
}

fn advisories(_: &Args) -> Result<Done> {
    Ok(match deny::advisories()? {
        Advisories::Clean => Done::Passed,
        Advisories::Unreachable => Done::Skipped("the RustSec database cannot be reached".to_owned()),
    })
}

fn wasm_pure(_: &Args) -> Result<Done> {
    // No randomness backend is configured, so a dependency that reaches for one does not compile here.
    tools::rust_target("wasm32-unknown-unknown")?;
    let target = ["--target", "wasm32-unknown-unknown"];
    Cmd::new("cargo")
        .args([
            "check",
            "--quiet",
            "--package",
            "assent-core",
            "--package",
            "assent-wallet",
        ])
        .args(target)
        .run()?;
    Ok(Done::Passed)
}

fn unit(_: &Args) -> Result<Done> {
    let postgres = Postgres::start()?;
    let s3 = S3::start()?;
    let mut tests = Cmd::new("cargo")
        .args([
            "test",
            "--quiet",
            "--workspace",
            "--exclude",
            "assent-tidy",
            "--exclude",
            "xtask",
            "--no-fail-fast",
        ])
        .env("ASSENT_TEST_POSTGRES", postgres.url());
    // What cannot run here is left out by name and counted as skipped; the tests themselves could only pass.
    let mut left_out = Vec::new();
    match &s3 {
        Some(s3) => tests = tests.env("ASSENT_TEST_S3", s3.url()),
        None => left_out.push((
            "in_an_s3_compatible_store",
            "no Python with venv for an S3 server",
        )),
    }
    if tools::which("gcore").is_none() {
        left_out.push((
            "a_core_dump_holds_no_secret_of_the_citizen",
            "no gcore (Debian package gdb) to dump a process with",
        ));
    }
    if tools::which("cc").is_none() {
        left_out.push((
            "a_failed_fsync_stops_the_program_and_a_restart_is_clean",
            "no C compiler (cc) to build an fsync that fails with",
        ));
    }
    tests = tests.args(["--"]);
    for (name, _) in &left_out {
        tests = tests.args(["--skip", name]);
    }
    let (mut counts, passed) = tests.run_counted()?;
    let own = Cmd::new("cargo")
        .args(["test", "--quiet"])
        .args(WITH_MODULE_TOOLS);
    let (own, own_passed) = own.run_counted()?;
    counts.merge(own);
    for (name, why) in left_out {
        println!("  skipped: {name}: {why}");
        counts.skipped += 1;
    }
    Ok(Done::Counted(counts, passed && own_passed))
}

fn precision(_: &Args) -> Result<Done> {
    let packages = ["--package", "assent-core", "--package", "assent-wallet"];
    counted(
        Cmd::new("cargo")
            .args(["test", "--quiet", "--no-fail-fast"])
            .args(packages)
            .args(["--features", "serde_json/arbitrary_precision"]),
    )
}

fn vectors_wasm(_: &Args) -> Result<Done> {
    tools::node()?;
    tools::rust_target("wasm32-wasip1")?;
    let packages = ["--package", "assent-core", "--package", "assent-wallet"];
    let runner = format!(
        "node --no-warnings --no-turbo-fast-api-calls {}",
        root().join("xtask/wasi.mjs").display()
    );
    counted(
        Cmd::new("cargo")
            .args(["test", "--quiet", "--no-fail-fast", "--target", "wasm32-wasip1"])
            .args(packages)
            .env("CARGO_TARGET_WASM32_WASIP1_RUNNER", runner),
    )
}

fn wasm_package(_: &Args) -> Result<Done> {
    wasm::build(wasm::Mode::Release)?;
    Ok(Done::Passed)
}

fn web_checks(_: &Args) -> Result<Done> {
    let mut total = crate::count::Counts::default();
    let mut ok = true;
    for folder in web::FOLDERS {
        tools::npm_ci(folder.path)?;
        if folder.check {
            web::script(folder.path, "check").run()?;
        }
        let (counts, passed) = web::script(folder.path, "test").run_counted()?;
        total.merge(counts);
        ok &= passed;
        if folder.build {
            web::script(folder.path, "build").run()?;
        }
    }
    Ok(Done::Counted(total, ok))
}

fn size_budget(_: &Args) -> Result<Done> {
    budget::run()?;
    Ok(Done::Passed)
}

fn interop(_: &Args) -> Result<Done> {
    bridge::cargo("clippy")
        .args(["--all-targets", "--", "-D", "warnings"])
        .run()?;
    counted(bridge::cargo("test").args(["--no-fail-fast"]))
}

fn peers(_: &Args) -> Result<Done> {
    programs()?;
    let w3c = bridge::build()?;
    tools::npm_ci("tests/peers")?;
    let python = tools::python_env("tests/peers")?;
    counted(
        web::script("tests/peers", "test")
            .env("ASSENT_CLI", target_dir().join("debug/assent"))
            .env("ASSENT_SERVER", target_dir().join("debug/assent-server"))
            .env("ASSENT_W3C", w3c)
            .env("PEERS_PYTHON", python),
    )
}

pub(super) fn e2e(args: &Args) -> Result<Done> {
    let files = e2e_files(args.words.first().map_or("", String::as_str))?;
    tools::npm_ci("tests/e2e")?;
    // The hostile services of the browser tests make their certificates as the peers do.
    tools::npm_ci("tests/peers")?;
    let chromium = tools::chromium()?;
    if !args.flag("no-build") {
        web::run(args)?;
    }
    programs()?;
    let cmd = web::script("tests/e2e", "test")
        .args(["--"])
        .args(files)
        .env("CHROMIUM", chromium)
        .env("ASSENT_SERVER", target_dir().join("debug/assent-server"))
        .env("HEADED", if args.flag("headed") { "1" } else { "" });
    counted(cmd)
}

/// Builds the server and the command as they are run, without what the tests of the workspace switch on in their dependencies.
/// Both at once also where one would do: cargo chooses features by what is built together, and would build half of it again.
fn programs() -> Result<()> {
    Cmd::new("cargo")
        .args([
            "build",
            "--quiet",
            "--package",
            "assent-server",
            "--package",
            "assent-cli",
        ])
        .run()
}

/// The files of browser tests with `filter` in their names, from `tests/e2e`. Named one by one: what Node makes of a folder
/// or a pattern differs between its versions.
fn e2e_files(filter: &str) -> Result<Vec<String>> {
    const END: &str = ".test.mjs";
    let mut names: Vec<String> = std::fs::read_dir(root().join("tests/e2e/test"))?
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(END)?.to_owned()))
        .collect();
    names.sort();
    if !names.iter().any(|name| name.contains(filter)) {
        bail!(
            "no file of browser tests has `{filter}` in its name; there are: {}",
            names.join(", ")
        );
    }
    names.retain(|name| name.contains(filter));
    Ok(names.iter().map(|name| format!("test/{name}{END}")).collect())
}

fn counted(cmd: Cmd) -> Result<Done> {
    let (counts, passed) = cmd.run_counted()?;
    Ok(Done::Counted(counts, passed))
}
