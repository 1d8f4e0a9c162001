//! Pieces of documents on their way, tried again as long as that can help.

use std::time::Duration;

use zeroize::Zeroizing;

use super::Shell;
use crate::error::CliError;
use crate::exit::Exit;

/// Tries of a piece. The pauses between them double, up to half a minute in all: as long as a service may ask to wait.
const TRIES: u32 = 6;

impl Shell {
    /// Sends a piece of an upload.
    pub async fn send_piece(&mut self, upload: &str, number: usize, content: &[u8]) -> Result<(), CliError> {
        for tried in 1.. {
            let (request, body) = self.engine().send_piece(upload, number, content)?;
            let answer = self.exchange(&request, Some(body)).await?;
            match self.engine().piece_sent(answer.map(|(status, _)| status)) {
                Ok(()) => break,
                Err(error) => again(error.into(), tried).await?,
            }
        }
        Ok(())
    }

    /// Reads a piece of a version of a document.
    pub async fn read_piece(
        &mut self,
        document: &str,
        file: &str,
        number: usize,
    ) -> Result<Zeroizing<Vec<u8>>, CliError> {
        let mut tried = 1;
        loop {
            let request = self.engine().read_piece(document, file, number)?;
            let answer = self.exchange(&request, None).await?;
            let given = answer
                .as_ref()
                .map(|(status, body)| (*status, body.as_slice()))
                .map_err(|error| *error);
            match self.engine().open_piece(document, file, number, given) {
                Ok(content) => return Ok(content),
                Err(error) => again(error.into(), tried).await?,
            }
            tried += 1;
        }
    }
}

/// Waits before the next try, or gives the error back.
async fn again(error: CliError, tried: u32) -> Result<(), CliError> {
    // Also a service that is asked too much says that it cannot be reached now.
    if error.exit != Exit::Unreachable || tried == TRIES {
        return Err(error);
    }
    tokio::time::sleep(Duration::from_millis(500 << tried)).await;
    Ok(())
}
