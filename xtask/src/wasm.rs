//! The browser package: compiler, bindings, optimiser. The result is `wasm/pkg`.

use std::path::Path;

use anyhow::{Context, Result};

use crate::args::Args;
use crate::process::{Cmd, env, root, target_dir};
use crate::tools;

/// The optimiser's features: what every browser since 2021 has and the compiler emits.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// How the optimiser makes the module small. The first 1024 bytes of memory hold no data, as it wants: they are the
/// far end of the stack, which the linker puts first.
/// Names of functions stay: by them the module is cut in two afterwards.
const SMALLER: [&str; 6] = ["-g", "-Oz", "--converge", "--low-memory-unused", "-ocimfs", "0"];

/// The standard library, built again for size (specs/decisions/0019-small-standard-library.md). The switches are
/// unstable ones of a compiler that is pinned.
const SMALL_STD: [&str; 2] = [
    "-Zbuild-std=std,panic_abort",
    "-Zbuild-std-features=optimize_for_size",
];

/// A panic is a trap without a text: nobody reads texts of a worker, and they are a tenth of the module. `Debug`, which
/// only such texts use, writes nothing.
const SMALL_STD_FLAGS: &str =
    " -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none";

/// What needs much of the stack stays a function of its own. The linker's optimiser would put all commands into one
/// function of 70 kB, in which no two places are alike, and gzip finds nothing there.
const SMALL_FUNCTIONS_FLAGS: &str = " -Cllvm-args=-inline-max-stacksize=100";

/// The stack lies below the data. An eighth less of it than usual, and every address of data is one byte shorter.
const SHORT_ADDRESSES_FLAGS: &str = " -Clink-arg=-zstack-size=917504";

/// Hashes and ciphers in loops instead of written out: a hash costs microseconds here, and the module is fetched by
/// everybody.
const SMALL_CRYPTO_FLAGS: &str = " --cfg sha2_backend_soft=\"compact\" --cfg aes_backend_soft=\"compact\"";

/// How much work to put into the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Optimised, as shipped.
    Release,
    /// Quick, for trying things out.
    Debug,
}

impl Mode {
    /// As `--debug` says.
    pub fn of(args: &Args) -> Self {
        if args.flag("debug") {
            Self::Debug
        } else {
            Self::Release
        }
    }
}

/// Builds `wasm/pkg`.
pub fn build(mode: Mode) -> Result<()> {
    tools::rust_target("wasm32-unknown-unknown")?;
    if mode == Mode::Release {
        tools::rust_component("rust-src")?;
    }
    let profile = if mode == Mode::Release { "wasm" } else { "dev" };
    let folder = if mode == Mode::Release { "wasm" } else { "debug" };
    let mut cargo = Cmd::new("cargo").args([
        "build",
        "--package",
        "assent-wasm",
        "--package",
        "assent-transfer",
        "--lib",
        "--target",
        "wasm32-unknown-unknown",
        "--profile",
        profile,
    ]);
    let mut flags = same_paths_everywhere();
    if mode == Mode::Release {
        cargo = cargo.args(SMALL_STD).env("RUSTC_BOOTSTRAP", "1");
        flags.push_str(SMALL_STD_FLAGS);
        flags.push_str(SMALL_FUNCTIONS_FLAGS);
        flags.push_str(SHORT_ADDRESSES_FLAGS);
        flags.push_str(SMALL_CRYPTO_FLAGS);
    }
    cargo
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags)
        .run()?;
    let package = root().join("wasm/pkg");
    std::fs::create_dir_all(&package)?;
    // Written by hand: they may be newer when the module is not.
    for file in ["package.json", "README.md", "wallet.js", "wallet.d.ts"] {
        let from = root().join("wasm/npm").join(file);
        std::fs::copy(from, package.join(file)).with_context(|| format!("cannot copy wasm/npm/{file}"))?;
    }
    for module in MODULES {
        let built = target_dir()
            .join("wasm32-unknown-unknown")
            .join(folder)
            .join(format!("{module}.wasm"));
        bind(module, &built, &package, mode)?;
    }
    Ok(())
}

/// The modules of the package: the engine, and the files of a vault's contents, which few need on a day.
const MODULES: [&str; 2] = [ENGINE, "assent_transfer"];
const ENGINE: &str = "assent_wasm";
/// What the engine is cut in beside its first file (`split/`).
const PARTS: [&str; 2] = ["rest", "receiving"];

/// Counts up when what is done with a linked module changes, so that one done in the old way is done again.
const STEPS: u32 = 5;

/// Bindings around one module, optimised.
fn bind(module: &str, built: &Path, package: &Path, mode: Mode) -> Result<()> {
    let stamp = package.join(format!(".{module}-built-from"));
    let source = format!("{mode:?} {STEPS} {}", fingerprint(built)?);
    if std::fs::read_to_string(&stamp).is_ok_and(|old| old == source) {
        eprintln!("  {module} is up to date");
        return Ok(());
    }
    let mut bindgen = with_tools("bindgen")
        .args(["--input"])
        .args([built])
        .args(["--output"])
        .args([package]);
    if mode == Mode::Debug {
        bindgen = bindgen.args(["--debug"]);
    }
    bindgen.run()?;
    let bound = package.join(format!("{module}_bg.wasm"));
    if mode == Mode::Release {
        optimise(&bound)?;
    }
    let mut parts = vec![bound.clone()];
    if module == ENGINE {
        with_tools("split")
            .args(["--input"])
            .args([bound.as_path()])
            .run()?;
        parts.extend(PARTS.map(|part| package.join(format!("{module}_{part}.wasm"))));
    }
    if mode == Mode::Release {
        for part in parts {
            with_tools("alike").args(["--input"]).args([part]).run()?;
        }
    }
    std::fs::write(stamp, source)?;
    eprintln!("  {module} is ready");
    Ok(())
}

/// This program again, with what reads and writes modules.
fn with_tools(command: &str) -> Cmd {
    Cmd::new("cargo")
        .args([
            "run",
            "--quiet",
            "--package",
            "xtask",
            "--features",
            "bindgen",
            "--",
        ])
        .args([command])
}

/// Compiler flags that keep this machine's folders out of the module: two machines build the same bytes, and the
/// texts in it are shorter.
fn same_paths_everywhere() -> String {
    let cargo_home = env("CARGO_HOME").or_else(|| env("HOME").map(|home| format!("{home}/.cargo")));
    let mut flags = format!("--remap-path-prefix={}=assent", root().display());
    if let Some(home) = cargo_home {
        flags.push_str(&format!(" --remap-path-prefix={home}/registry/src=crates"));
    }
    flags
}

/// Enough to notice that the compiler wrote the module again.
fn fingerprint(module: &Path) -> Result<String> {
    let data = std::fs::metadata(module).with_context(|| format!("{} was not built", module.display()))?;
    Ok(format!("{} bytes, {:?}", data.len(), data.modified()?))
}

fn optimise(module: &Path) -> Result<()> {
    tools::npm_ci("xtask")?;
    let small = module.with_extension("small.wasm");
    Cmd::new(root().join("xtask/node_modules/.bin/wasm-opt"))
        .args(SMALLER)
        .args(FEATURES)
        .args(["-o"])
        .args([small.as_path(), module])
        .run()?;
    std::fs::rename(small, module)?;
    Ok(())
}
