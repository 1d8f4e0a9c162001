//! A disk that does not keep what it was given: fsync fails. The program must stop and never try the same pages again,
//! because the kernel may have dropped them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use assent_core::encoding::base64url;
use serde_json::json;

use crate::program::{Program, TOKEN, b64, client, create, read};

/// Fails every fsync while the file named by `FAIL_FSYNC_WHILE` exists.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
static int failing(void) {
    const char *flag = getenv("FAIL_FSYNC_WHILE");
    return flag && access(flag, F_OK) == 0;
}
int fsync(int fd) {
    if (failing()) { errno = EIO; return -1; }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return real(fd);
}
int fdatasync(int fd) {
    if (failing()) { errno = EIO; return -1; }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return real(fd);
}
"#;

fn shim(dir: &Path) -> PathBuf {
    let (source, library) = (dir.join("shim.c"), dir.join("shim.so"));
    std::fs::write(&source, SHIM).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status()
        .expect("there is no C compiler (cc) to build the failing fsync with");
    assert!(built.success(), "the shim does not compile");
    library
}

#[tokio::test]
async fn a_failed_fsync_stops_the_program_and_a_restart_is_clean() {
    let dir = tempfile::tempdir().unwrap();
    let shim = shim(dir.path());
    let flag = dir.path().join("fail");
    let data = dir.path().join("data");
    let env = [
        ("LD_PRELOAD", shim.to_str().unwrap()),
        ("FAIL_FSYNC_WHILE", flag.to_str().unwrap()),
    ];
    let client = client();
    let id = base64url::encode(&[1; 16]);
    let commit = async |base: &str, version: i64| {
        let body = json!({ "base_version": version - 1, "manifest": b64(&format!("manifest {version}")),
            "put": [{ "handle": "AA", "box": b64(&format!("{version}")) }] });
        let sent = client
            .post(format!("{base}/v1/vaults/{id}/commits"))
            .bearer_auth(TOKEN)
            .json(&body)
            .send()
            .await;
        sent.map(|answer| answer.status().as_u16())
    };
    let mut program = Program::start(&data, &env);
    create(&client, &program.base, &id).await;
    for version in 2..=5 {
        assert_eq!(commit(&program.base, version).await.unwrap(), 200);
    }
    std::fs::write(&flag, "").unwrap();
    let outcome = commit(&program.base, 6).await;
    assert!(
        !outcome.is_ok_and(|status| status == 200),
        "acknowledged what is not on disk"
    );
    let status = program
        .wait(Duration::from_secs(10))
        .expect("it goes on after a failed fsync");
    assert_eq!(status.code(), Some(70), "{status}");
    std::fs::remove_file(&flag).unwrap();

    let program = Program::start(&data, &env);
    let stored = read(&client, &program.base, &id, TOKEN).await.unwrap();
    // Not acknowledged: it may be there or not, but whole.
    let version = stored.version;
    assert!(version == 5 || version == 6, "{version}");
    assert_eq!(stored.manifest, b64(&format!("manifest {version}")));
    assert_eq!(
        stored.records,
        [("AA".to_owned(), b64(&format!("{version}")), None)]
    );
    assert_eq!(commit(&program.base, version + 1).await.unwrap(), 200);
}
