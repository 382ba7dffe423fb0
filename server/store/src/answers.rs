//! How endpoints answer and what requests were answered, as the store keeps it: as texts that it
//! does not read.

/// That an endpoint answers in a way of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseSettings {
    /// Which settings these are: it grows with each change of them.
    pub version: i64,
    /// In a few words for people, if there is something to say.
    pub words: Option<String>,
}

/// How an endpoint answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponseSettings {
    /// Which settings these are.
    pub version: i64,
    /// The settings.
    pub settings: String,
    /// How many requests the programme among them has answered.
    pub answered: u64,
}

/// How an endpoint is to answer from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewResponseSettings {
    /// The version that these are a change of; `None` where nothing was set.
    pub from: Option<i64>,
    /// The settings; `None` for the plain answer.
    pub settings: Option<String>,
    /// The same in a few words.
    pub words: Option<String>,
    /// How many requests the programme among them has answered, as far as that is known; `None`
    /// where it begins anew.
    pub answered: Option<u64>,
}

/// What became of an answer after its request was stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LateResponse {
    /// The status, if one was sent.
    pub status: Option<u16>,
    /// What was answered; `None` for the plain answer.
    pub answer: Option<Vec<u8>>,
    /// How far that brought the programme, if one answered.
    pub progress: Option<Progress>,
}

/// How far a programme is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The settings that it is part of; where they have changed since, it says nothing.
    pub version: i64,
    /// How many requests it has answered.
    pub answered: u64,
    /// The settings in a few words now.
    pub words: Option<String>,
}
