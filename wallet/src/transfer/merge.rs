//! What of a file goes into a vault: without doubles, and without bringing back what was given away or withdrawn.
//!
//! Planning is pure and can be done again at any time: what is in already is planned no more. So bringing in is resumed by
//! beginning again.

use assent_core::encoding::record::{ToJson, Value};
use assent_core::sd_jwt::HolderSdJwt;

use zeroize::Zeroizing;

use super::contents::split;
use super::documents::find;
use super::own_details::{Imported, Known};
use super::{Contents, FileKind, Incoming};
use crate::app::view::{AwaitedCard, SharingState};
use crate::details::RECORD;
use crate::documents::Document;
use crate::history::Entry;
use crate::holdings::{Card, CopyRecord, same_kind, says_the_same};
use crate::present::KeptReceipt;
use crate::records::Record as _;
use crate::rights::Sharing;
use crate::settings::Settings;

/// Most bytes of contents in one commit: sealed and padded they must fit into one request.
const MAX_BYTES: usize = 5 << 20;
/// Most records in one commit.
const MAX_RECORDS: usize = 400;

/// Kinds of records that mean something only in the vault they are in: documents, which get new keys with their content, and
/// the devices that open it.
const STAY: [&str; 2] = [Document::KIND, "device"];

/// What the person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The vault that the file is of was not used since the file was made. Only then are its cards' copies known to be
    /// unused: a copy that is shown twice makes the person recognisable.
    pub moved: bool,
    /// Also the history.
    pub history: bool,
}

/// What to put into a vault.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    put: Vec<(String, Zeroizing<String>)>,
    kinds: Vec<KindChange>,
    cards: Vec<CardChange>,
    documents: Vec<DocumentChange>,
}

/// What happens to a document.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
pub struct DocumentChange {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What happens.
    pub fate: DocumentFate,
    /// Bytes of its versions that are in the file.
    pub bytes: u64,
    /// Bytes they take at a vault service.
    pub sealed_bytes: u64,
    /// Places of these versions among the file's documents, the present version first.
    pub files: Vec<usize>,
}

/// What happens to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub enum DocumentFate {
    /// Comes in.
    New,
    /// Is here already, and stays as it is.
    Here,
    /// Its content is not in the file.
    Missing,
    /// Was deleted before the file was made, and waited to be gone.
    Deleted,
}

/// What happens to the records of a kind.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
pub struct KindChange {
    /// First part of their names.
    pub kind: String,
    /// Come in, or change what is here.
    pub new: u64,
    /// Are here already.
    pub here: u64,
    /// Stay out: the person, or their kind, wants it so.
    pub left: u64,
}

/// What happens to a card.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
pub struct CardChange {
    /// Its name.
    pub name: String,
    /// Who gave it.
    pub issuer: String,
    /// What happens.
    pub fate: CardFate,
    /// Copies that come in.
    pub copies: u64,
    /// Where to ask for it again.
    pub again: Option<String>,
}

/// What happens to a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub enum CardFate {
    /// Comes in.
    New,
    /// Its copies join those of the same card here.
    Joins,
    /// Is here already, and stays as it is.
    Here,
    /// Must be asked for again.
    Again,
}

impl Plan {
    /// Plans what of `file` goes into a vault with these contents. `language` is for the names of cards.
    #[must_use]
    pub fn new(file: &Incoming, here: &Contents, choice: Choice, language: &str) -> Self {
        let mut planning = Planning {
            file,
            here,
            choice,
            language,
            plan: Self::default(),
        };
        planning.cards();
        planning.wanted();
        planning.documents();
        planning.others();
        planning.plan
    }

    /// True when everything is in.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.put.is_empty()
    }

    /// Records still to be put in.
    #[must_use]
    pub fn left(&self) -> usize {
        self.put.len()
    }

    /// By kind.
    #[must_use]
    pub fn kinds(&self) -> &[KindChange] {
        &self.kinds
    }

    /// The cards.
    #[must_use]
    pub fn cards(&self) -> &[CardChange] {
        &self.cards
    }

    /// The documents. They come in one by one, after the records.
    #[must_use]
    pub fn documents(&self) -> &[DocumentChange] {
        &self.documents
    }

    /// The next records for one commit, as `putIn` takes them.
    #[must_use]
    pub fn next(&self) -> Value {
        let mut bytes = 0;
        let mut next = Contents::default();
        for (name, content) in &self.put {
            bytes += content.len() + 1024;
            if !next.is_empty() && (bytes > MAX_BYTES || next.len() >= MAX_RECORDS) {
                break;
            }
            next.set(name, content);
        }
        next.to_json()
    }
}

enum Fate {
    New,
    Here,
    Left,
}

struct Planning<'a> {
    file: &'a Incoming,
    here: &'a Contents,
    choice: Choice,
    language: &'a str,
    plan: Plan,
}

impl Planning<'_> {
    /// Copies before their card: should it end half-way, no card is there without them.
    fn cards(&mut self) {
        let file = self.file;
        for (name, content) in file.contents.iter() {
            let (kind, id) = split(name);
            if kind != Card::KIND {
                continue;
            }
            let Ok(card) = crate::records::read::<Card>(content.as_bytes()) else {
                // Of a newer app: whole, or not at all.
                if self.here.get(name).is_none() {
                    for copy in self.copies(id) {
                        self.put_as_it_is(&copy);
                    }
                    self.put_as_it_is(name);
                }
                continue;
            };
            let (fate, copies) = self.card(&card);
            self.plan.cards.push(CardChange {
                name: card.name(self.language),
                issuer: card.issuer_name.clone(),
                fate,
                copies,
                again: None,
            });
            self.count(
                Card::KIND,
                match fate {
                    CardFate::New | CardFate::Joins => Fate::New,
                    CardFate::Here => Fate::Here,
                    CardFate::Again => Fate::Left,
                },
            );
        }
    }

    fn card(&mut self, card: &Card) -> (CardFate, u64) {
        // The one here knows better which copies were used since.
        if self.here.one::<Card>(&card.id).is_some() {
            return (CardFate::Here, 0);
        }
        if let Some(same) = self.same_card(card) {
            return self.join(card, same);
        }
        let mut card = card.clone();
        if !self.choice.moved {
            for copy in &mut card.copies {
                copy.used_at = copy.used_at.or(Some(self.file.made_at.0));
            }
        }
        let copies = self.copies(&card.id);
        for copy in &copies {
            self.put_as_it_is(copy);
        }
        self.put_record(&card);
        (CardFate::New, copies.len() as u64)
    }

    /// A card here that says the same, from the same issuer.
    fn same_card(&self, card: &Card) -> Option<Card> {
        let new = credential(&self.file.contents, card)?;
        self.here.list::<Card>().into_iter().find(|old| {
            same_kind(old, card)
                && old.expires_at == card.expires_at
                && credential(self.here, old).is_some_and(|old| says_the_same(&old, &new))
        })
    }

    /// Unused copies go to the card that is here. Such that may have been used bring it nothing.
    fn join(&mut self, card: &Card, mut same: Card) -> (CardFate, u64) {
        let batch = card.id.get(..8).unwrap_or(&card.id).to_owned();
        let mut joined = 0;
        for state in &card.copies {
            let id = format!("{batch}.{}", state.id);
            let known = same.copies.iter().any(|copy| copy.id == id);
            let copy = self
                .file
                .contents
                .one::<CopyRecord>(&format!("{}/{}", card.id, state.id));
            let Some(copy) = copy.filter(|_| self.choice.moved && !known && state.used_at.is_none()) else {
                continue;
            };
            self.put_record(&copy.moved(&same.id, &id));
            let mut state = state.clone();
            state.id = id;
            same.copies.push(state);
            joined += 1;
        }
        if joined == 0 {
            return (CardFate::Here, 0);
        }
        self.put_record(&same);
        (CardFate::Joins, joined)
    }

    /// Cards that did not travel.
    fn wanted(&mut self) {
        let ours: Vec<Card> = self.here.list();
        for wanted in &self.file.wanted {
            let is_it = |card: &Card| card.vct == wanted.vct && card.issuer_id == wanted.issuer_id;
            let here = ours.iter().any(is_it);
            self.plan.cards.push(CardChange {
                name: crate::labels::card_name(&wanted.vct, self.language),
                issuer: wanted.issuer.clone(),
                fate: if here { CardFate::Here } else { CardFate::Again },
                copies: 0,
                again: wanted.link.clone(),
            });
            self.count(Card::KIND, if here { Fate::Here } else { Fate::Left });
        }
    }

    fn documents(&mut self) {
        let file = self.file;
        for document in super::documents::readable(&file.contents) {
            let mut change = DocumentChange {
                fate: DocumentFate::New,
                bytes: 0,
                sealed_bytes: 0,
                files: Vec::new(),
                name: document.name,
                id: document.id,
            };
            for version in &document.files {
                let at = find(&file.documents, &change.id, &version.blob);
                let Some((at, file)) = at.and_then(|at| Some((at, file.documents.get(at)?))) else {
                    continue;
                };
                change.bytes += file.bytes;
                change.sealed_bytes += file.sealed_bytes();
                change.files.push(at);
            }
            let name = [Document::KIND, "/", &change.id].concat();
            // Without its present version it would be shown as what it was before.
            let present = document.files.first().map(|version| &version.blob);
            let first = change.files.first().and_then(|at| file.documents.get(*at));
            change.fate = if self.here.get(&name).is_some() {
                DocumentFate::Here
            } else if document.deleted_at.is_some() {
                DocumentFate::Deleted
            } else if present.is_none() || present != first.map(|file| &file.file) {
                DocumentFate::Missing
            } else {
                DocumentFate::New
            };
            self.plan.documents.push(change);
        }
    }

    fn others(&mut self) {
        let file = self.file;
        // Settings come to a vault that nobody has used yet.
        let is_new = |kind: &str| kind == Settings::KIND || STAY.contains(&kind);
        let unused = self.here.iter().all(|(name, _)| is_new(split(name).0));
        let known = Known::new(self.here);
        for (name, content) in file.contents.iter() {
            let (kind, id) = split(name);
            let here = self.here.get(name);
            let fate = match kind {
                // With their cards.
                Card::KIND | CopyRecord::KIND => continue,
                _ if STAY.contains(&kind) => match here {
                    Some(_) => Fate::Here,
                    None if self.comes_in(kind, id) => Fate::New,
                    None => Fate::Left,
                },
                RECORD if file.kind == FileKind::MyData => self.imported(&known, name, content),
                Entry::KIND if !self.choice.history => Fate::Left,
                // The vault it is of may fetch it too, and both would hold copies with the same keys.
                AwaitedCard::KIND if !self.choice.moved => Fate::Left,
                Settings::KIND if !unused => Fate::Left,
                _ if here == Some(content) => Fate::Here,
                _ => match here.map(|here| self.improved(kind, id, here, content)) {
                    None => {
                        self.put_as_it_is(name);
                        Fate::New
                    }
                    Some(Some(better)) => {
                        self.plan.put.push((name.to_owned(), better));
                        Fate::New
                    }
                    Some(None) => Fate::Here,
                },
            };
            self.count(kind, fate);
        }
    }

    /// A detail out of data to read.
    fn imported(&mut self, known: &Known<'_>, name: &str, content: &str) -> Fate {
        // Those that come in are counted with those that are here.
        match known.import(self.plan.put.len(), name, content) {
            Imported::Here => Fate::Here,
            Imported::Left => Fate::Left,
            Imported::Put(name, content) => {
                self.plan.put.push((name, content));
                Fate::New
            }
        }
    }

    /// Whether this is a document whose content is in the file.
    fn comes_in(&self, kind: &str, id: &str) -> bool {
        // By id, as the records are.
        let documents = &self.plan.documents;
        let at = documents.binary_search_by(|known| known.id.as_str().cmp(id));
        let known = at.ok().and_then(|at| documents.get(at));
        kind == Document::KIND && known.is_some_and(|known| known.fate == DocumentFate::New)
    }

    /// What to keep in place of what is here, when the file knows more.
    fn improved(&self, kind: &str, id: &str, here: &str, content: &str) -> Option<Zeroizing<String>> {
        let (file, vault) = (&self.file.contents, self.here);
        let knows_more = match kind {
            // A withdrawal stays one.
            Sharing::KIND => {
                let (theirs, ours) = (file.one::<Sharing>(id)?, vault.one::<Sharing>(id)?);
                let confirmed = theirs.state == SharingState::Stopped && ours.state != SharingState::Stopped;
                theirs.stopped_at.is_some() && (ours.stopped_at.is_none() || confirmed)
            }
            KeptReceipt::KIND => {
                let (theirs, ours) = (file.one::<KeptReceipt>(id)?, vault.one::<KeptReceipt>(id)?);
                let answers = |receipt: &KeptReceipt| {
                    let stops = receipt.stops.iter();
                    stops.filter(|stop| stop.acknowledgement.is_some()).count()
                };
                let more = (theirs.stops.len(), answers(&theirs)) > (ours.stops.len(), answers(&ours));
                !theirs.has_no_key() && (ours.has_no_key() || more)
            }
            Settings::KIND => true,
            // Records that remember their versions keep both histories.
            _ => {
                let both = crate::vault::merged(here.as_bytes(), content)?;
                return (both.as_str() != here).then_some(both);
            }
        };
        knows_more.then(|| Zeroizing::new(content.to_owned()))
    }

    /// Names of the copies of a card in the file.
    fn copies(&self, card: &str) -> Vec<String> {
        let prefix = [CopyRecord::KIND, "/", card, "/"].concat();
        let names = self.file.contents.iter().map(|(name, _)| name);
        names
            .filter(|name| name.starts_with(&prefix))
            .map(str::to_owned)
            .collect()
    }

    fn put_as_it_is(&mut self, name: &str) {
        if let Some(content) = self.file.contents.get(name) {
            self.put(name, Zeroizing::new(content.to_owned()));
        }
    }

    fn put_record<R: crate::records::Record>(&mut self, record: &R) {
        let name = [R::KIND, "/", record.id()].concat();
        self.put(&name, Zeroizing::new(record.write_json().to_string()));
    }

    fn put(&mut self, name: &str, content: Zeroizing<String>) {
        if self.here.get(name) != Some(content.as_str()) {
            self.plan.put.push((name.to_owned(), content));
        }
    }

    fn count(&mut self, kind: &str, fate: Fate) {
        let kinds = &mut self.plan.kinds;
        let at = kinds
            .iter()
            .position(|known| known.kind == kind)
            .unwrap_or_else(|| {
                kinds.push(KindChange {
                    kind: kind.to_owned(),
                    new: 0,
                    here: 0,
                    left: 0,
                });
                kinds.len() - 1
            });
        if let Some(known) = kinds.get_mut(at) {
            match fate {
                Fate::New => known.new += 1,
                Fate::Here => known.here += 1,
                Fate::Left => known.left += 1,
            }
        }
    }
}

/// The credential of one of a card's copies.
fn credential(contents: &Contents, card: &Card) -> Option<HolderSdJwt> {
    let copies = card.copies.iter();
    copies
        .filter_map(|copy| contents.one::<CopyRecord>(&format!("{}/{}", card.id, copy.id)))
        .find_map(|copy| copy.credential().ok())
}
