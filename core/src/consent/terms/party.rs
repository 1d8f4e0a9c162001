//! The parties a request names.

/// The controller: `party_id`, `party_name`, `party_address`, `party_contact`, `party_type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// Legal name.
    pub name: String,
    /// How to reach it about personal data: an address or a URL.
    pub contact: String,
    /// Postal address.
    pub address: String,
    /// A registered identifier (EUID, LEI, VAT …); records fall back to the client identifier.
    pub id: Option<String>,
    /// DPV type of organisation.
    pub party_type: String,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

/// Someone else who gets the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Name or category.
    pub name: String,
    /// ISO 3166-1 alpha-2, where known.
    pub country: Option<String>,
}

/// The supervisory authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Name.
    pub name: String,
    /// Where to complain: an address or a URL.
    pub url: String,
}
