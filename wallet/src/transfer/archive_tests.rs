use super::super::{Incoming, Work};
use super::*;

const AT: Timestamp = Timestamp(1_795_000_000);

fn contents(records: &[(&str, &str)]) -> Contents {
    let mut contents = Contents::default();
    for (name, content) in records {
        assert!(
            contents.add(name, Zeroizing::new((*content).to_owned())),
            "{name}"
        );
    }
    contents
}

fn sample() -> Contents {
    contents(&[
        ("card/a", "{\"id\":\"a\"}"),
        ("detail/ä/b", "assent/versions/1.any thing\u{0}"),
        ("entry/1", ""),
    ])
}

fn pairs(contents: &Contents) -> Vec<(String, String)> {
    contents
        .iter()
        .map(|(name, content)| (name.to_owned(), content.to_owned()))
        .collect()
}

/// The files of an archive, to be put together otherwise.
fn files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let files = tar::read(bytes).unwrap().into_iter();
    files
        .map(|file| (file.name.to_owned(), file.content.to_vec()))
        .collect()
}

fn together(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        tar::append(&mut out, name, content).unwrap();
    }
    tar::finish(&mut out);
    out
}

/// The same archive with another list.
fn with_list(change: impl Fn(&mut Value)) -> Vec<u8> {
    let mut files = files(&write(&sample(), AT).unwrap());
    let mut list: Value = serde_json::from_slice(&files[0].1).unwrap();
    change(&mut list);
    files[0].1 = list.to_string().into_bytes();
    together(&files)
}

fn write(contents: &Contents, made_at: Timestamp) -> Result<Zeroizing<Vec<u8>>, TransferError> {
    let mut out = begin(contents, &[], made_at)?;
    tar::finish(&mut out);
    Ok(out)
}

fn read(bytes: &[u8]) -> Result<Archive, TransferError> {
    let incoming = Incoming::open(bytes, None, Work::BROWSER)?;
    Ok(Archive {
        contents: incoming.contents,
        made_at: incoming.made_at,
    })
}

fn refused(bytes: &[u8]) -> TransferError {
    read(bytes).unwrap_err()
}

#[test]
fn everything_comes_back_to_the_byte() {
    let bytes = write(&sample(), AT).unwrap();
    let archive = read(&bytes).unwrap();
    assert_eq!(pairs(&archive.contents), pairs(&sample()));
    assert_eq!(archive.made_at, AT);
    assert_eq!(*write(&archive.contents, AT).unwrap(), *bytes);
    let empty = write(&Contents::default(), AT).unwrap();
    assert!(read(&empty).unwrap().contents.is_empty());
}

#[test]
fn names_of_records_never_become_names_of_files() {
    let bytes = write(&contents(&[("detail/../../etc/passwd", "x")]), AT).unwrap();
    let names: Vec<String> = files(&bytes).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["manifest.json", "records/detail/000000.json"]);
}

#[test]
fn exchanged_left_out_and_doubled_files_are_refused() {
    let bytes = write(&sample(), AT).unwrap();
    let all = files(&bytes);
    let mut exchanged = all.clone();
    let content = exchanged[1].1.clone();
    exchanged[1].1 = std::mem::replace(&mut exchanged[3].1, content);
    assert_eq!(refused(&together(&exchanged)), TransferError::Inconsistent);
    let mut order = all.clone();
    order.swap(1, 2);
    assert_eq!(refused(&together(&order)), TransferError::Inconsistent);
    assert_eq!(refused(&together(&all[..3])), TransferError::Damaged);
    let mut doubled = all.clone();
    doubled.push(all[1].clone());
    assert_eq!(refused(&together(&doubled)), TransferError::Inconsistent);
    assert_eq!(refused(&together(&all[1..])), TransferError::UnknownFile);
    assert_eq!(refused(&together(&[])), TransferError::UnknownFile);
}

#[test]
fn a_record_named_twice_is_refused() {
    let bytes = with_list(|list| {
        let first = list["files"][0]["record"].clone();
        list["files"][1]["record"] = first;
        list["files"][1]["path"] = "records/card/000001.json".into();
    });
    let mut files = files(&bytes);
    files[2].0 = "records/card/000001.json".into();
    assert_eq!(refused(&together(&files)), TransferError::Inconsistent);
}

#[test]
fn lists_that_lie_are_refused() {
    for (member, value) in [
        ("sha256", "AAAA".into()),
        ("bytes", 3.into()),
        ("path", "records/card/000009.json".into()),
        ("record", "card".into()),
        ("record", "card/".into()),
        ("record", "../card/a".into()),
        ("record", "card/a\n".into()),
        ("record", "entry/a".into()),
    ] {
        let value: Value = value;
        let bytes = with_list(|list| list["files"][0][member] = value.clone());
        assert_eq!(refused(&bytes), TransferError::Inconsistent, "{member} {value}");
    }
    let bytes = with_list(|list| list["made_at"] = "yesterday".into());
    assert_eq!(refused(&bytes), TransferError::Damaged);
}

#[test]
fn later_versions_are_named_as_such() {
    let bytes = with_list(|list| {
        list["format"] = "assent-archive/3".into();
        list["files"] = "elsewhere".into();
    });
    assert_eq!(refused(&bytes), TransferError::Newer);
    let bytes = with_list(|list| list["format"] = "other".into());
    assert_eq!(refused(&bytes), TransferError::UnknownFile);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let mut huge = write(&sample(), AT).unwrap().to_vec();
    huge.resize(MAX_ARCHIVE + 1, 0);
    assert_eq!(refused(&huge), TransferError::Inconsistent);
    // A list that promises more than may be: one record, or all of them.
    for bytes in [MAX_RECORD as u64 + 1, u64::MAX, i64::MAX as u64] {
        let lies = with_list(|list| list["files"][0]["bytes"] = bytes.into());
        assert!(
            matches!(refused(&lies), TransferError::TooLarge | TransferError::Damaged),
            "{bytes}"
        );
    }
    let many = with_list(|list| {
        for number in 0..17 {
            let mut listed = list["files"][0].clone();
            listed["bytes"] = MAX_RECORD.into();
            if number < 3 {
                list["files"][number] = listed;
            } else {
                list["files"].as_array_mut().unwrap().push(listed);
            }
        }
    });
    assert_eq!(refused(&many), TransferError::TooLarge);
    // A header that promises more than there is.
    let mut bytes = Vec::new();
    tar::append(&mut bytes, MANIFEST, b"").unwrap();
    let huge = tar_header_of(1 << 31);
    assert_eq!(refused(&[&bytes[..512], &huge].concat()), TransferError::Damaged);
    // A list that nests without end.
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert_eq!(
        refused(&together(&[(MANIFEST.to_owned(), deep)])),
        TransferError::Damaged
    );
}

fn tar_header_of(size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    tar::append(&mut out, "a", b"").unwrap();
    out[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    out[148..156].copy_from_slice(b"        ");
    let sum: u32 = out[..512].iter().map(|byte| u32::from(*byte)).sum();
    out[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out
}

#[test]
fn the_published_example_reads() {
    let contents = contents(&[
        ("entry/example", "{\"id\":\"example\"}"),
        ("settings/mine", "{\"language\":\"en\"}"),
    ]);
    let ours = files(&write(&contents, AT).unwrap());
    let (name, list) = &ours[0];
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../specs/formats/examples/archive-manifest.json"
    );
    if std::env::var_os("ASSENT_WRITE_EXAMPLES").is_some() {
        std::fs::write(path, list).unwrap();
    }
    assert_eq!(name, MANIFEST);
    assert_eq!(std::fs::read(path).unwrap(), *list);
}
