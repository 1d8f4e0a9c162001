//! Published test vectors for unit tests. They are kept outside the project and never copied into it.

use std::path::PathBuf;

use serde_json::Value;

/// The text of `path` inside the vectors folder: `ASSENT_VECTORS`, or `shared/vectors` beside the checkout.
///
/// # Panics
/// With instructions when the file is not there: a missing vector is a failed test, never a skipped one.
pub(crate) fn text(path: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests find their vectors through the environment"
    )]
    let root = std::env::var("ASSENT_VECTORS").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
        PathBuf::from,
    );
    let file = root.join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "test vector {} cannot be read ({error}): set ASSENT_VECTORS to the folder of published vectors",
            file.display()
        )
    })
}

/// The JSON of `path` inside the vectors folder.
pub(crate) fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path} is not JSON: {error}"))
}
