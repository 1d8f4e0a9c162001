//! The browser of this machine, opened only when asked.

use std::process::{Command, Stdio};

/// Opens a web address; false when there is no way to. Nothing else is ever opened: what follows decides by the scheme which
/// program starts.
pub fn open(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else {
        return false;
    };
    if !matches!(url.scheme(), "https" | "http") {
        return false;
    }
    let (program, before): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let started = Command::new(program)
        .args(before)
        // As it was read: no shell, and nothing that looks like an option.
        .arg(url.as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    started.is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_but_the_web() {
        for address in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "--help",
            "",
            "openid4vp://x",
        ] {
            assert!(!super::open(address), "{address}");
        }
    }
}
