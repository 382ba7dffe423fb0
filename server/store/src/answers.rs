//! Response settings of endpoints and responses to requests, as the store keeps them: opaque texts.

/// Marks an endpoint that has response settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseSettings {
    /// The version of these settings: it grows with each change.
    pub version: i64,
    /// A short summary for people, if there is one.
    pub words: Option<String>,
}

/// The response settings of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponseSettings {
    /// The version of these settings.
    pub version: i64,
    /// The settings.
    pub settings: String,
    /// How many requests their failure simulation has responded to.
    pub answered: u64,
}

/// New response settings for an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewResponseSettings {
    /// The version that these replace; `None` if nothing was set.
    pub from: Option<i64>,
    /// The settings; `None` for the default response.
    pub settings: Option<String>,
    /// A short summary of them.
    pub words: Option<String>,
    /// How many requests their failure simulation has responded to, as far as known; `None` if it
    /// starts over.
    pub answered: Option<u64>,
}

/// The outcome of a response, recorded after its request was stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LateResponse {
    /// The status, if one was sent.
    pub status: Option<u16>,
    /// The response; `None` for the default response.
    pub answer: Option<Vec<u8>>,
    /// The progress of the failure simulation, if it responded.
    pub progress: Option<Progress>,
}

/// The progress of a failure simulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The settings that it belongs to; ignored if they have changed since.
    pub version: i64,
    /// How many requests it has responded to.
    pub answered: u64,
    /// The current summary of the settings.
    pub words: Option<String>,
}
