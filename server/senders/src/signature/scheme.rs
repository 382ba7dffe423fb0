//! Signature schemes as data: the place of the signature, the signed content, the key, and the
//! maximum age.

/// How a sender signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheme {
    /// The header that carries the signature, in lower case; a member of the body if `form` says
    /// so.
    pub field: &'static str,
    /// The form of signatures in it.
    pub form: SignatureForm,
    /// How they are made.
    pub method: Method,
    /// How their bytes are encoded.
    pub encoding: Encoding,
    /// How the key is derived from the pasted secret.
    pub key: KeyForm,
    /// The signed content: a template with `{body}`, `{timestamp}`, `{id}`, `{method}`, `{url}`,
    /// `{token}`, `{params}`, `{item}`, `{crc32}`, `{secret}` or `{webhook_id}`.
    pub signed: &'static str,
    /// The header with `{id}`.
    pub id: Option<&'static str>,
    /// The time of signing.
    pub time: Option<SignedTime>,
    /// A header and the value that it must have for this scheme to apply.
    pub when: Option<(&'static str, &'static str)>,
    /// The accepted spellings of `{url}`.
    pub(crate) spelling: UrlSpelling,
}

/// The form of signatures in their header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureForm {
    /// One signature after a prefix, which may be empty.
    Whole(&'static str),
    /// One signature in each header of the name, after an optional prefix.
    Each(&'static str),
    /// `t=1,v1=…,v1=…`: pairs with a separator, some of which are signatures.
    Pairs {
        /// The separator of pairs.
        separator: char,
        /// The name of the pair with the timestamp.
        time: &'static str,
        /// The name of the pairs with signatures.
        signature: &'static str,
    },
    /// `v1,… v1,…`: versions and signatures, separated by spaces (Standard Webhooks).
    Versions(&'static str),
    /// One signature per key, in headers numbered from 1 after `field`.
    Numbered,
    /// Mailgun's `signature: {timestamp, token, signature}` in the body, or form fields.
    Mailgun,
    /// Adyen's `additionalData.hmacSignature` of each item in the body.
    AdyenItems,
    /// Microsoft Graph's `clientState` of each notification in the body.
    ClientState,
}

/// The spellings of the called URL that a sender's own library accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlSpelling {
    /// As called.
    Called,
    /// Also with some percent codes decoded, as `hubspot` signs it.
    HubSpot,
    /// Also without its port and with its query rewritten, as Twilio's libraries try.
    Twilio,
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// RFC 2104.
    Hmac(Hash),
    /// A plain hash with the secret in what is hashed.
    Digest(Hash),
    /// RFC 8032, with a public key.
    Ed25519,
    /// ECDSA over P-256 with SHA-256, DER, with a public key.
    EcdsaP256,
    /// RSA PKCS #1 v1.5 with SHA-256, with a certificate.
    RsaSha256,
    /// The secret itself.
    Token,
}

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512. No known sender uses it, but custom ones do.
    Sha512,
}

/// The encoding of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Hex digits in either case.
    Hex,
    /// RFC 4648 §4.
    Base64,
}

/// How the key is derived from the pasted secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// Its bytes unchanged.
    Text,
    /// The base64 after a prefix.
    Base64 {
        /// Optional unless `required`.
        prefix: &'static str,
        /// Whether a text without the prefix is a secret of another scheme.
        required: bool,
    },
    /// Hex digits.
    Hex,
    /// An Ed25519 public key as 64 hex digits.
    Ed25519Hex,
    /// An Ed25519 public key in base64 after this prefix.
    Ed25519Base64(&'static str),
    /// A P-256 public key, as PEM or the base64 of its DER.
    P256,
    /// PayPal's webhook id on a line, then the certificate as PEM.
    WebhookIdAndCertificate,
}

/// The time of signing, and how far it may be from the arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedTime {
    /// The place of the timestamp.
    pub from: TimeFrom,
    /// The format of the timestamp.
    pub unit: TimeUnit,
    /// The most seconds before the arrival; `None` for any.
    pub(crate) past_s: Option<u32>,
    /// The most seconds after it; `None` for any.
    pub(crate) future_s: Option<u32>,
}

/// The place of a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFrom {
    /// With the signature.
    Signature,
    /// In a separate header.
    Field(&'static str),
    /// In a member of a JSON body.
    Member(&'static str),
}

/// The format of a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// RFC 3339.
    Rfc3339,
}

impl Scheme {
    /// Whether the signed content includes the URL.
    pub(crate) fn signs_url(&self) -> bool {
        self.signed.contains("{url}")
    }

    /// Whether the signed content includes a form's parameters.
    pub(crate) fn signs_params(&self) -> bool {
        self.signed.contains("{params}")
    }

    /// Whether signatures are in the body.
    pub(crate) const fn is_in_body(&self) -> bool {
        match self.form {
            SignatureForm::Mailgun | SignatureForm::AdyenItems | SignatureForm::ClientState => true,
            SignatureForm::Whole(_)
            | SignatureForm::Each(_)
            | SignatureForm::Pairs { .. }
            | SignatureForm::Versions(_)
            | SignatureForm::Numbered => false,
        }
    }

    /// Returns the header's name approximately as its sender writes it.
    pub fn field_name(&self) -> String {
        match self.form {
            SignatureForm::Mailgun => "`signature` in the body".to_owned(),
            SignatureForm::AdyenItems => "`additionalData.hmacSignature` in the body".to_owned(),
            SignatureForm::ClientState => "`clientState` in the body".to_owned(),
            SignatureForm::Numbered => format!("{}1", title_case(self.field)),
            SignatureForm::Whole(_)
            | SignatureForm::Each(_)
            | SignatureForm::Pairs { .. }
            | SignatureForm::Versions(_) => title_case(self.field),
        }
    }
}

impl Method {
    /// Whether signatures are verified with a public key.
    pub(crate) const fn is_public(self) -> bool {
        match self {
            Self::Ed25519 | Self::EcdsaP256 | Self::RsaSha256 => true,
            Self::Hmac(_) | Self::Digest(_) | Self::Token => false,
        }
    }
}

/// Converts `x-hub-signature` to `X-Hub-Signature`.
fn title_case(field: &str) -> String {
    let mut upper = true;
    field
        .chars()
        .map(|c| {
            let cased = if upper { c.to_ascii_uppercase() } else { c };
            upper = c == '-';
            cased
        })
        .collect()
}
