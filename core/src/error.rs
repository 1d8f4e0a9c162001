//! How every error of Assent describes itself: a stable code, who it is for, and whose fault it is.

/// Who must read an error to do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The person at the wallet.
    Citizen,
    /// The developer or owner of a service that asks for data.
    ServiceProvider,
    /// Whoever runs the server.
    Operator,
}

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The other side of the protocol sent something wrong.
    Peer,
    /// The caller of this API asked for something that cannot be done.
    Caller,
    /// The network, or a service on it, did not answer as it should.
    Network,
    /// A defect or a misconfiguration of our own.
    Us,
}

/// An error with a stable, machine-readable code.
///
/// The user interface and the command line look texts up by [`ErrorCode::code`]; HTTP answers carry it as the
/// last part of the problem type (RFC 9457).
pub trait ErrorCode: std::error::Error {
    /// A stable kebab-case code, unique over the whole product, e.g. `sd-jwt-unreferenced-disclosure`.
    fn code(&self) -> &'static str;

    /// Whose fault it is. Defaults to the peer: most of what we check came from one.
    fn blame(&self) -> Blame {
        Blame::Peer
    }

    /// Who must read it. Defaults to the service provider.
    fn audience(&self) -> Audience {
        Audience::ServiceProvider
    }

    /// True when the message may contain personal data and must not be logged.
    fn is_personal(&self) -> bool {
        false
    }
}
