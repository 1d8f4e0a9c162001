//! Uploads that are cut off: every acknowledged part is there afterwards, and the upload goes on with the rest.

use std::collections::BTreeSet;

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use serde_json::{Value, json};

use crate::kill::Round;
use crate::program::{TOKEN, b64, read};

const PART: usize = 1 << 20;

/// A vault whose commits each link one blob, and let go of the one before.
pub struct Uploader {
    pub id: String,
    /// The newest version that was acknowledged; its blob was linked with it.
    acknowledged: i64,
    in_flight: bool,
    /// Parts of the next blob that were acknowledged.
    parts: BTreeSet<u64>,
    pub done: u64,
    /// Uploads of which some parts were there already.
    pub gone_on_with: u64,
}

/// What the blob of a version holds: a whole part and a short one.
fn content(version: i64) -> Vec<u8> {
    let mut block = sha256(&version.to_be_bytes()).to_vec();
    block.resize(PART / 64, 7);
    let mut content = block.repeat(64);
    content.extend_from_slice(&block[..1000]);
    content
}

impl Uploader {
    pub fn new(id: String) -> Self {
        Self {
            id,
            acknowledged: 1,
            in_flight: false,
            parts: BTreeSet::new(),
            done: 0,
            gone_on_with: 0,
        }
    }

    /// Uploads and links until the server is gone.
    pub async fn upload(&mut self, client: &reqwest::Client, base: &str, round: &Round) {
        while !round.is_over() && self.one(client, base, round).await.is_some() {}
    }

    /// `None` when the server is gone.
    async fn one(&mut self, client: &reqwest::Client, base: &str, round: &Round) -> Option<()> {
        let version = self.acknowledged + 1;
        let content = content(version);
        let (status, declared) = self.declare(client, base, &content).await?;
        assert!(matches!(status, 200 | 201), "{declared}");
        round.upload_step();
        let missing: BTreeSet<u64> = declared["missing"]
            .as_array()
            .unwrap()
            .iter()
            .map(|number| number.as_u64().unwrap())
            .collect();
        assert!(missing.is_disjoint(&self.parts), "{missing:?} {:?}", self.parts);
        self.gone_on_with += u64::from(!self.parts.is_empty());
        let blob = declared["blob"].as_str().unwrap();
        for (number, part) in (0..).zip(content.chunks(PART)) {
            if !missing.contains(&number) {
                continue;
            }
            let sent = client
                .put(self.at(base, &format!("blobs/{blob}/parts/{number}")))
                .bearer_auth(TOKEN)
                .header("content-type", "application/octet-stream")
                .body(part.to_vec());
            assert_eq!(sent.send().await.ok()?.status(), 204);
            self.parts.insert(number);
            round.upload_step();
        }
        let unlink = self.blob(client, base, version - 1).await?;
        let body = json!({ "base_version": version - 1, "manifest": b64(&format!("manifest {version}")),
            "link": [blob], "unlink": unlink });
        self.in_flight = true;
        let commit = client
            .post(self.at(base, "commits"))
            .bearer_auth(TOKEN)
            .json(&body);
        let answer = commit.send().await.ok()?;
        let status = answer.status();
        let body: Value = answer.json().await.ok()?;
        assert_eq!(
            (status.as_u16(), &body["version"]),
            (200, &json!(version)),
            "{body}"
        );
        self.is_at(version);
        self.done += 1;
        round.upload_step();
        for blob in unlink {
            let gone = client
                .delete(self.at(base, &format!("blobs/{blob}")))
                .bearer_auth(TOKEN);
            gone.send().await.ok()?;
        }
        Some(())
    }

    /// What is there after a restart: the blob of the version that is there, whole.
    pub async fn check(&mut self, client: &reqwest::Client, base: &str) {
        let stored = read(client, base, &self.id, TOKEN).await.unwrap();
        let newest = self.acknowledged + i64::from(self.in_flight);
        assert!((self.acknowledged..=newest).contains(&stored.version));
        assert_eq!(stored.manifest, b64(&format!("manifest {}", stored.version)));
        if stored.version != self.acknowledged {
            self.is_at(stored.version);
        }
        self.in_flight = false;
        for blob in self.blob(client, base, stored.version).await.unwrap() {
            let url = self.at(base, &format!("blobs/{blob}/content"));
            let answer = client.get(url).bearer_auth(TOKEN).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            assert!(
                answer.bytes().await.unwrap() == content(stored.version),
                "another content"
            );
        }
    }

    fn is_at(&mut self, version: i64) {
        self.acknowledged = version;
        self.in_flight = false;
        self.parts.clear();
    }

    /// The blob of a version, if it has one: declaring it again only says which it is, and that nothing of it is missing.
    async fn blob(&self, client: &reqwest::Client, base: &str, version: i64) -> Option<Vec<String>> {
        if version < 2 {
            return Some(Vec::new());
        }
        let (_, declared) = self.declare(client, base, &content(version)).await?;
        assert_eq!(declared["missing"], json!([]), "version {version}");
        Some(vec![declared["blob"].as_str().unwrap().to_owned()])
    }

    async fn declare(&self, client: &reqwest::Client, base: &str, content: &[u8]) -> Option<(u16, Value)> {
        let hash = |part: &[u8]| base64url::encode(&sha256(part));
        let parts: Vec<String> = content.chunks(PART).map(hash).collect();
        let body = json!({ "size": content.len(), "parts": parts });
        let request = client.post(self.at(base, "blobs")).bearer_auth(TOKEN).json(&body);
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }

    fn at(&self, base: &str, path: &str) -> String {
        format!("{base}/v1/vaults/{}/{path}", self.id)
    }
}
