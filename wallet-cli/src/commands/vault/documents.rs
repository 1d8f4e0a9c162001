//! The documents of a file on their way into the vault: one after another, each whole or not at all.

use assent_core::encoding::record::ToJson as _;
use assent_wallet::app::view::UploadView;
use assent_wallet::app::{Command, Reply};
use assent_wallet::transfer::{Check, DocumentChange, DocumentFate, Incoming, Plan};
use zeroize::Zeroizing;

use super::file::Source;
use super::import::goes_on;
use super::unexpected;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Answer, Output, one_line};
use crate::progress::Transfer;
use crate::wallet::Shell;

/// A service that forgets what it was sent is not sent it for ever.
const ROUNDS: usize = 3;

/// What the file has.
#[derive(Default)]
pub struct Documents {
    list: Vec<DocumentChange>,
    /// Bytes and files that the vault service has room for, as far as it says so.
    room: Option<(u64, u64)>,
}

/// What came in, and what did not.
#[derive(Default)]
pub struct Brought {
    /// How many.
    pub whole: usize,
    damaged: Vec<String>,
    /// Of documents that came in.
    damaged_versions: Vec<String>,
    no_room: Vec<String>,
}

impl Documents {
    pub async fn new(plan: &Plan, shell: &mut Shell) -> Result<Self, CliError> {
        let list = plan.documents().to_vec();
        if list.is_empty() {
            return Ok(Self::default());
        }
        let Reply::Room { bytes, files, .. } = shell.run(Command::Room).await? else {
            return Err(unexpected());
        };
        Ok(Self {
            list,
            room: bytes.zip(files),
        })
    }

    fn new_ones(&self) -> impl Iterator<Item = &DocumentChange> {
        let list = self.list.iter();
        list.filter(|document| document.fate == DocumentFate::New)
    }

    fn sum(&self, of: impl Fn(&DocumentChange) -> u64) -> u64 {
        self.new_ones().map(of).sum()
    }

    fn lacks_room(&self) -> bool {
        let (bytes, files) = (
            self.sum(|document| document.sealed_bytes),
            self.sum(|document| document.files.len() as u64),
        );
        self.room.is_some_and(|room| bytes > room.0 || files > room.1)
    }

    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "list": self.list.write_json(),
            "count": self.new_ones().count(),
            "bytes": self.sum(|document| document.bytes),
            "room": self.room.map(|(bytes, _)| bytes),
        })
    }

    /// For people: names and sizes, no content.
    pub fn words(&self) -> String {
        let mut out = String::new();
        for document in &self.list {
            let fate = match document.fate {
                DocumentFate::New => "comes in",
                DocumentFate::Here => "is here already",
                DocumentFate::Missing => "has no content in the file",
                DocumentFate::Deleted => "was deleted",
            };
            out.push('\n');
            out.push_str(&one_line(&format!(
                "document {}: {fate}, {} bytes",
                document.name, document.bytes
            )));
        }
        if self.new_ones().next().is_some() {
            let (count, bytes) = (self.new_ones().count(), self.sum(|document| document.bytes));
            out.push_str(&format!("\n{count} documents come in, {bytes} bytes"));
        }
        out
    }

    pub fn warned(&self, answer: Answer) -> Answer {
        if !self.lacks_room() {
            return answer;
        }
        let (room, needed) = (
            self.room.unwrap_or_default().0,
            self.sum(|document| document.sealed_bytes),
        );
        answer.warn(
            "vault-quota-exceeded",
            format!("the vault service has room for {room} bytes of documents, and these take {needed}: not all will fit"),
        )
    }

    /// Brings them in. Only what ends all of them, like a lost connection, is an error.
    pub async fn bring_in(
        &self,
        source: &mut Source,
        incoming: &Incoming,
        shell: &mut Shell,
        output: Output,
    ) -> Result<Brought, CliError> {
        let mut brought = Brought::default();
        // Every byte is read twice: to learn the hashes of the sealed pieces, and to send these.
        let progress = Transfer::start(
            "Bringing documents in",
            2 * self.sum(|document| document.bytes),
            output,
        );
        let mut done = 0;
        for document in self.new_ones() {
            let one = One {
                document,
                source,
                incoming,
                shell,
                progress: &progress,
                done,
            };
            match one.bring_in(&mut brought).await {
                Ok(true) => brought.whole += 1,
                Ok(false) => brought.damaged.push(document.name.clone()),
                Err(error) if is_no_room(&error) => brought.no_room.push(document.name.clone()),
                Err(error) => return Err(goes_on(error)),
            }
            done += 2 * document.bytes;
        }
        Ok(brought)
    }
}

fn is_no_room(error: &CliError) -> bool {
    ["vault-quota-exceeded", "document-too-large-for-service"].contains(&error.code.as_ref())
}

/// One document.
struct One<'a> {
    document: &'a DocumentChange,
    source: &'a mut Source,
    incoming: &'a Incoming,
    shell: &'a mut Shell,
    progress: &'a Transfer,
    done: u64,
}

impl One<'_> {
    /// True when it is in, false when its content in the file is damaged.
    async fn bring_in(mut self, brought: &mut Brought) -> Result<bool, CliError> {
        let record = self.incoming.document_record(&self.document.id);
        let record = Zeroizing::new(record.unwrap_or_default().to_owned());
        let mut files = Vec::new();
        for (version, at) in self.document.files.iter().enumerate() {
            let Some(file) = self.incoming.documents.get(*at) else {
                continue;
            };
            let begin = Command::BringDocument {
                record: record.clone(),
                file: file.file.clone(),
            };
            let upload = match self.shell.run(begin).await {
                Ok(Reply::Upload { upload }) => upload,
                // Another device was faster.
                Ok(Reply::Done) => return Ok(true),
                Ok(_) => return Err(unexpected()),
                Err(error) if error.code == "document-record-unreadable" => return Ok(false),
                Err(error) => return Err(error),
            };
            if self.send(*at, &upload).await? {
                files.push(file.file.clone());
            } else if version == 0 {
                return Ok(false);
            } else {
                brought.damaged_versions.push(self.document.name.clone());
            }
            self.done += 2 * file.bytes;
        }
        self.shell
            .run(Command::BringDocumentEnd { record, files })
            .await?;
        Ok(true)
    }

    /// Sends a version: false when its content is damaged, and then nothing of it was sent.
    async fn send(&mut self, at: usize, upload: &UploadView) -> Result<bool, CliError> {
        let piece = upload.piece_bytes as u64;
        let mut check = Check::default();
        for number in 0..upload.pieces {
            self.progress.at(self.done + number as u64 * piece);
            let Some(content) = self.piece(at, number, &mut check)? else {
                return Ok(false);
            };
            if upload.measured < upload.pieces {
                self.shell.engine().measure_piece(&upload.id, number, &content)?;
            }
        }
        for round in 1.. {
            let declare = Command::DocumentDeclare {
                upload: upload.id.clone(),
            };
            let Reply::Missing { missing } = self.shell.run(declare).await? else {
                return Err(unexpected());
            };
            let sent = self.pieces(at, upload, &missing).await;
            match sent {
                // Away for more than a day: what was sent is gone and is sent again.
                Err(error) if error.code == "document-not-at-service" && round < ROUNDS => {}
                sent => {
                    sent?;
                    break;
                }
            }
        }
        Ok(true)
    }

    async fn pieces(&mut self, at: usize, upload: &UploadView, missing: &[usize]) -> Result<(), CliError> {
        for number in missing {
            let size = upload.size;
            let sent = size.min(*number as u64 * upload.piece_bytes as u64);
            self.progress.at(self.done + size + sent);
            let content = self.piece(at, *number, &mut Check::default())?;
            let content = content.ok_or_else(|| {
                CliError::new(
                    Exit::Configuration,
                    "transfer-document-damaged",
                    "the file changed while it was read",
                    "Leave the file alone until everything is in.",
                )
            })?;
            self.shell.send_piece(&upload.id, *number, &content).await?;
        }
        Ok(())
    }

    /// The content of a piece; what is beyond the end is empty.
    fn piece(
        &mut self,
        at: usize,
        number: usize,
        check: &mut Check,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, CliError> {
        let pieces = self.incoming.documents.get(at).map_or(0, |file| file.pieces());
        if number >= pieces {
            return Ok(Some(Zeroizing::new(Vec::new())));
        }
        self.source.piece(self.incoming, at, number, check)
    }
}

impl Brought {
    /// When a document could not come in: everything else did, and this says so.
    pub fn failed(&self) -> Result<(), CliError> {
        let names = |names: &[String]| one_line(&names.join(", "));
        if !self.damaged.is_empty() {
            let more = match self.no_room.is_empty() {
                true => String::new(),
                false => format!("; no room for: {}", names(&self.no_room)),
            };
            return Err(CliError::refuted(
                "transfer-document-damaged",
                format!("damaged or missing in the file: {}{more}", names(&self.damaged)),
                "Everything else is in. Use another copy of the file for these: what is here already stays as it is.",
            ));
        }
        if !self.no_room.is_empty() {
            return Err(CliError::new(
                Exit::Refused,
                "vault-quota-exceeded",
                format!("the vault service has no room for: {}", names(&self.no_room)),
                "Everything else is in. Make room or ask the operator for more, then do it again.",
            ));
        }
        Ok(())
    }

    pub fn warned(self, mut answer: Answer) -> Answer {
        for name in self.damaged_versions {
            answer = answer.warn(
                "document-version-damaged",
                one_line(&format!(
                    "{name}: an earlier version is damaged in the file and stayed out"
                )),
            );
        }
        answer
    }
}
