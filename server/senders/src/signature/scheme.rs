//! What a scheme of signing is, as data: where the signature stands, what it is made over, with
//! which key, and how old it may be.

/// How a sender signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheme {
    /// The header field that carries the signature, in lower case; a member of the body where
    /// `form` says so.
    pub field: &'static str,
    /// How signatures stand in it.
    pub form: SignatureForm,
    /// How they are made.
    pub method: Method,
    /// How their bytes are written.
    pub encoding: Encoding,
    /// What the key is of what the owner pastes.
    pub key: KeyForm,
    /// What is signed: text with `{body}`, `{timestamp}`, `{id}`, `{method}`, `{url}`, `{token}`,
    /// `{params}`, `{item}`, `{crc32}`, `{secret}` or `{webhook_id}` in it.
    pub signed: &'static str,
    /// The field that holds `{id}`.
    pub id: Option<&'static str>,
    /// When it was signed.
    pub time: Option<SignedTime>,
    /// A field and the value that it must have for this scheme to be meant.
    pub when: Option<(&'static str, &'static str)>,
    /// Which spellings of `{url}` count.
    pub(crate) spelling: UrlSpelling,
}

/// How signatures stand in their field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureForm {
    /// One signature after a prefix, which may be empty.
    Whole(&'static str),
    /// One signature in each field of the name, after a prefix that may be left out.
    Each(&'static str),
    /// `t=1,v1=…,v1=…`: pairs around a separator, of which some are signatures.
    Pairs {
        /// What stands between pairs.
        separator: char,
        /// The name of the pair with the timestamp.
        time: &'static str,
        /// The name of those with signatures.
        signature: &'static str,
    },
    /// `v1,… v1,…`: versions and signatures, apart by spaces (Standard Webhooks).
    Versions(&'static str),
    /// One signature for each key, in fields that are numbered from 1 after `field`.
    Numbered,
    /// Mailgun's `signature: {timestamp, token, signature}` in the body, or form fields.
    Mailgun,
    /// Adyen's `additionalData.hmacSignature` of each item in the body.
    AdyenItems,
    /// Microsoft Graph's `clientState` of each notification in the body.
    ClientState,
}

/// Which spellings of the URL that was called a sender's own library takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlSpelling {
    /// As it was called.
    Called,
    /// Also with the codes of some characters decoded, as `hubspot` signs it.
    HubSpot,
    /// Also without its port and with its query written anew, as Twilio's libraries try.
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
    /// SHA-512. No sender of ours uses it, those who write their own do.
    Sha512,
}

/// How the bytes of a signature are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Hex digits of either case.
    Hex,
    /// RFC 4648 §4.
    Base64,
}

/// What the key is of what the owner pastes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// Its bytes as they are.
    Text,
    /// The base64 after a prefix.
    Base64 {
        /// May be left out unless `required`.
        prefix: &'static str,
        /// Whether a text without the prefix is another scheme's secret.
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

/// When a request was signed and how far from its arrival that may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedTime {
    /// Where it stands.
    pub from: TimeFrom,
    /// How it is written.
    pub unit: TimeUnit,
    /// How many seconds before the arrival; `None` for any.
    pub(crate) past_s: Option<u32>,
    /// How many seconds after it; `None` for any.
    pub(crate) future_s: Option<u32>,
}

/// Where a timestamp stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFrom {
    /// With the signature.
    Signature,
    /// In a field of its own.
    Field(&'static str),
    /// In a member of a JSON body.
    Member(&'static str),
}

/// How a timestamp is written.
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
    /// Whether what is signed holds the URL.
    pub(crate) fn signs_url(&self) -> bool {
        self.signed.contains("{url}")
    }

    /// Whether what is signed holds a form's parameters.
    pub(crate) fn signs_params(&self) -> bool {
        self.signed.contains("{params}")
    }

    /// Whether signatures stand in the body.
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

    /// The field's name as its sender writes it, about.
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
    /// Whether signatures are checked with a public key.
    pub(crate) const fn is_public(self) -> bool {
        match self {
            Self::Ed25519 | Self::EcdsaP256 | Self::RsaSha256 => true,
            Self::Hmac(_) | Self::Digest(_) | Self::Token => false,
        }
    }
}

/// `x-hub-signature` as `X-Hub-Signature`.
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
