//! `assent holder documents`: files up to 100 MB, read and written piece by piece.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use assent_wallet::app::view::{DocumentView, FileView, UploadView};
use assent_wallet::app::{Command as Engine, Reply};
use zeroize::Zeroizing;

use super::{data, unexpected};
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::{Answer, Output};
use crate::progress::Transfer;
use crate::wallet::Shell;

/// Flags.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Put a file into the vault. Interrupted, the same command goes on where it was
    Add(Add),
    /// Show the documents, and the uploads that did not end
    List,
    /// Write a document to a file
    Get(Get),
    /// Delete a document
    Rm(Rm),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// The file
    file: PathBuf,
    /// What to call it; the file's own name if not given
    #[arg(long)]
    name: Option<String>,
    /// Its media type, e.g. `application/pdf`; by its name if not given
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,
    /// A document that gets this as its new version
    #[arg(long, value_name = "DOCUMENT", allow_hyphen_values = true)]
    replace: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Get {
    /// Id of the document
    #[arg(allow_hyphen_values = true)]
    document: String,
    /// Where to write it: a new file
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// An earlier version, by its id; the present one if not given
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    version: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Rm {
    /// Id of the document, or of an upload that did not end
    #[arg(allow_hyphen_values = true)]
    document: String,
    /// For good, with its keys, in place of in a week
    #[arg(long)]
    now: bool,
}

/// Runs one verb.
pub async fn run(args: Args, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    match args.command {
        Command::Add(args) => add(args, shell, output).await,
        Command::List => list(shell).await,
        Command::Get(args) => get(args, shell, output).await,
        Command::Rm(args) => remove(args, shell).await,
    }
}

async fn list(shell: &mut Shell) -> Result<Answer, CliError> {
    let reply = shell.run(Engine::Documents).await?;
    let Reply::Documents { documents, uploads } = &reply else {
        return Err(unexpected());
    };
    let mut lines: Vec<String> = documents.iter().map(line).collect();
    let unfinished = uploads.iter();
    lines.extend(
        unfinished.map(|upload| format!("{}  {}  (not finished: add it again)", upload.id, upload.name)),
    );
    if lines.is_empty() {
        lines.push("No documents yet.".to_owned());
    }
    Ok(Answer::new(
        "assent.holder-documents/1",
        data(&reply)?,
        lines.join("\n"),
    ))
}

fn line(document: &DocumentView) -> String {
    let size = document.files.first().map_or(0, |file| file.size);
    let deleted = document.gone_at.map_or("", |_| "  (deleted)");
    format!("{}  {}  {size} bytes{deleted}", document.id, document.name)
}

async fn add(args: Add, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let mut file = File::open(&args.file).map_err(|error| files::unreadable(&args.file, &error))?;
    let metadata = file
        .metadata()
        .map_err(|error| files::unreadable(&args.file, &error))?;
    if !metadata.is_file() {
        return Err(files::unreadable(
            &args.file,
            &std::io::Error::other("it is not a file"),
        ));
    }
    let size = metadata.len();
    let own_name = args
        .file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name = args.name.unwrap_or(own_name);
    let replaces = args.replace.unwrap_or_default();
    let upload = match unfinished(shell, &name, size, &replaces).await? {
        Some(upload) => upload,
        None => {
            let media_type = args.media_type.unwrap_or_else(|| by_name(&args.file).to_owned());
            let begin = Engine::DocumentBegin {
                name,
                media_type,
                size,
                about: String::new(),
                replaces,
            };
            match shell.run(begin).await? {
                Reply::Upload { upload } => upload,
                _ => return Err(unexpected()),
            }
        }
    };
    let total = upload.pieces as u64 * 2;
    let progress = Transfer::start("Sending", size, output);
    if upload.measured < upload.pieces {
        for number in 0..upload.pieces {
            let content = piece(&mut file, &args.file, &upload, number)?;
            shell.engine().measure_piece(&upload.id, number, &content)?;
            progress.at(size * number as u64 / total);
        }
    }
    let id = upload.id.clone();
    let Reply::Missing { missing } = shell.run(Engine::DocumentDeclare { upload: id.clone() }).await? else {
        return Err(unexpected());
    };
    for number in missing {
        progress.at(size * (upload.pieces + number) as u64 / total);
        let content = piece(&mut file, &args.file, &upload, number)?;
        shell.send_piece(&id, number, &content).await?;
    }
    drop(progress);
    let reply = shell.run(Engine::DocumentFinish { upload: id }).await?;
    let Reply::Document { document } = &reply else {
        return Err(unexpected());
    };
    let text = format!("Added: {}", line(document));
    Ok(Answer::new("assent.holder-document/1", data(&reply)?, text))
}

/// An upload of this file that was interrupted, as far as name and length tell; the engine refuses another file.
async fn unfinished(
    shell: &mut Shell,
    name: &str,
    size: u64,
    replaces: &str,
) -> Result<Option<UploadView>, CliError> {
    let Reply::Documents { uploads, .. } = shell.run(Engine::Documents).await? else {
        return Err(unexpected());
    };
    let mut uploads = uploads.into_iter();
    Ok(uploads.find(|upload| upload.name == name && upload.size == size && upload.replaces == replaces))
}

/// The content of a piece; empty beyond the end.
fn piece(
    file: &mut File,
    path: &Path,
    upload: &UploadView,
    number: usize,
) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let start = number as u64 * upload.piece_bytes as u64;
    let mut content = Zeroizing::new(Vec::with_capacity(upload.piece_bytes));
    let read = file
        .seek(SeekFrom::Start(start))
        .and_then(|_| file.take(upload.piece_bytes as u64).read_to_end(&mut content));
    read.map_err(|error| files::unreadable(path, &error))?;
    Ok(content)
}

async fn get(args: Get, shell: &mut Shell, output: Output) -> Result<Answer, CliError> {
    let Reply::Documents { documents, .. } = shell.run(Engine::Documents).await? else {
        return Err(unexpected());
    };
    let found = documents.iter().find(|document| document.id == args.document);
    let document = found.ok_or_else(|| not_here("document"))?;
    let file = match &args.version {
        Some(version) => document.files.iter().find(|file| file.id == *version),
        None => document.files.first(),
    };
    let file = file.ok_or_else(|| not_here("version"))?;
    let mut out = files::NewFile::begin(&args.out)?;
    write(shell, &document.id, file, &mut out, output).await?;
    out.finish()?;
    let data = serde_json::json!({ "id": document.id, "file": file.id, "size": file.size, "mediaType": file.media_type,
        "out": args.out });
    let text = format!("Written to {}: {} bytes", args.out.display(), file.size);
    Ok(Answer::new("assent.holder-document-file/1", data, text))
}

async fn write(
    shell: &mut Shell,
    document: &str,
    file: &FileView,
    out: &mut files::NewFile,
    output: Output,
) -> Result<(), CliError> {
    let progress = Transfer::start("Reading", file.size, output);
    let pieces = file.size.div_ceil(file.piece_bytes as u64);
    for number in 0..usize::try_from(pieces).unwrap_or(0) {
        progress.at(number as u64 * file.piece_bytes as u64);
        let content = shell.read_piece(document, &file.id, number).await?;
        out.write(&content)?;
    }
    Ok(())
}

async fn remove(args: Rm, shell: &mut Shell) -> Result<Answer, CliError> {
    let Reply::Documents { documents, uploads } = shell.run(Engine::Documents).await? else {
        return Err(unexpected());
    };
    let id = args.document;
    let (command, text) = if uploads.iter().any(|upload| upload.id == id) {
        (Engine::DocumentCancel { upload: id }, "The upload is given up.")
    } else if !documents.iter().any(|document| document.id == id) {
        return Err(not_here("document"));
    } else if args.now {
        (
            Engine::DocumentDelete { id, now: true },
            "Gone for good, with its keys.",
        )
    } else {
        let text = "Deleted. In the app it can be brought back for a week.";
        (Engine::DocumentDelete { id, now: false }, text)
    };
    let reply = shell.run(command).await?;
    Ok(Answer::new(
        "assent.holder-document-removed/1",
        data(&reply)?,
        text,
    ))
}

fn not_here(what: &str) -> CliError {
    CliError::new(
        Exit::NotFound,
        "document-not-found",
        format!("there is no such {what}"),
        "List them with `assent holder documents list`.",
    )
}

/// The media type that a file's name promises.
fn by_name(path: &Path) -> &'static str {
    let ending = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    match ending.as_str() {
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "txt" => "text/plain",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}
